"""Make the pictures of the README from real output: `python scripts/make_pictures.py`."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

import sonic

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[1]
PORTRAIT, SPEECH = ROOT / "examples" / "portrait.jpg", ROOT / "examples" / "speech.wav"
PICTURES = ROOT / "docs" / "pictures"
SEED = 7
STRIP_START, STRIP_STEP, STRIP_COUNT = 24, 3, 12  # frames
TILE, RESOLUTION = 240, 640  # pixels
HEAD = (0.17, 0.02, 0.83, 0.68)  # left, top, right, bottom of what is shown, in shares of the crop
GIF_SECONDS, GIF_STEP = 4.0, 2


def main() -> None:
    """Write every picture."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    model = sonic.load_model("sonic-base")
    video = model.generate(audio=SPEECH, image=PORTRAIT, crop="face", min_resolution=RESOLUTION, seed=SEED)
    frames = [close_up(frame) for frame in islice(video.frames(), int(GIF_SECONDS * video.fps))]
    write_strip(frames[STRIP_START::STRIP_STEP][:STRIP_COUNT], PICTURES / "strip.jpg")
    write_gif(frames[::GIF_STEP], PICTURES / "talk.gif", milliseconds=1000 * GIF_STEP / video.fps)


def close_up(frame: np.ndarray) -> Image.Image:
    """The head of one frame, small."""
    left, top, right, bottom = (round(share * len(frame)) for share in HEAD)
    return Image.fromarray(frame[top:bottom, left:right]).resize((TILE, TILE), Image.Resampling.LANCZOS)


def write_strip(frames: Sequence[Image.Image], path: Path) -> None:
    """Tile frames in two rows, in reading order."""
    tiles = [np.asarray(frame) for frame in frames]
    half = len(tiles) // 2
    rows = [np.hstack(tiles[:half]), np.hstack(tiles[half : 2 * half])]
    Image.fromarray(np.vstack(rows)).save(path, quality=88)
    print(path)


def write_gif(frames: Sequence[Image.Image], path: Path, *, milliseconds: float) -> None:
    """Write an endless animation; one palette for all frames keeps it from flickering."""
    palette = frames[len(frames) // 2].quantize(160, method=Image.Quantize.MEDIANCUT)
    images = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in frames]
    images[0].save(
        path, save_all=True, append_images=images[1:], duration=milliseconds, loop=0, optimize=True
    )
    print(path)


if __name__ == "__main__":
    main()
