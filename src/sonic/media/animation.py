"""Writes GIF with one palette for the whole animation and a dither that does not flicker."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import av
import numpy as np
from PIL import Image

from sonic.media.labels import append_gif_label
from sonic.media.metadata import append_gif_comment, to_text
from sonic.media.source import ffmpeg_name

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from sonic.media.film import Film, Frame

    Bytes: TypeAlias = npt.NDArray[np.uint8]

_PALETTE_FRAMES = 25  # enough to see the mouth open and the eyes shut
_HIGHEST_RATE = 50  # Hz; delays are stored in 0.01 s, and players show a single one as ten
_DITHER_STRENGTH = 12.0  # levels of 255 between the darkest and the brightest cell of the pattern


class AnimationSink:
    """Chooses a palette from the first frames, then maps every frame to it; GIF has no sound."""

    def __init__(self, path: Path, film: Film) -> None:
        self._path = path
        self._film = film
        self._waiting: list[Frame] = []
        self._palette: Palette | None = None
        self._frames = 0
        self._every = math.ceil(film.rate / _HIGHEST_RATE)
        self._container = av.open(ffmpeg_name(path), "w", format="gif", options={"loop": "0"})
        self._stream = self._container.add_stream("gif", rate=film.rate)
        self._stream.width, self._stream.height = film.size
        self._stream.pix_fmt = "pal8"

    def write(self, frame: Frame) -> None:
        """Keep the first frames for the palette, encode all later ones at once."""
        if self._palette is None:
            self._waiting.append(frame)
            if len(self._waiting) >= _PALETTE_FRAMES:
                self._start()
        else:
            self._encode(frame, self._palette)

    def finish(self) -> None:
        """Encode what waits, close the file and add its origin as a comment."""
        self._start()
        self._container.mux(self._stream.encode(None))
        self._container.close()
        if self._film.label is not None:
            append_gif_label(self._path, self._film.label)
        append_gif_comment(self._path, to_text(self._film.provenance))

    def discard(self) -> None:
        """Close the file."""
        self._container.close()

    def _start(self) -> None:
        if self._waiting:
            self._palette = Palette(self._waiting[:: max(1, len(self._waiting) // 6)])
            for frame in self._waiting:
                self._encode(frame, self._palette)
            self._waiting.clear()

    def _encode(self, frame: Frame, palette: Palette) -> None:
        index, self._frames = self._frames, self._frames + 1
        if index % self._every:
            return
        indexed: Any = (palette.map(frame), palette.argb)
        picture = av.VideoFrame.from_ndarray(indexed, "pal8")
        picture.pts, picture.time_base = index, 1 / self._film.rate
        self._container.mux(self._stream.encode(picture))


class Palette:
    """The 256 colours that serve some frames best, and an ordered dither to them.

    The dither depends on the place alone: what does not move in the video does not move in the GIF.
    """

    def __init__(self, frames: list[Frame]) -> None:
        sample = Image.fromarray(np.concatenate(frames))
        flat = sample.quantize(256, Image.Quantize.MEDIANCUT).getpalette() or []
        self.colours: Bytes = np.zeros((256, 3), np.uint8)
        self.colours[: len(flat) // 3] = np.reshape(flat, (-1, 3))
        self.argb = np.concatenate([np.full((256, 1), 255, np.uint8), self.colours], axis=1)
        self._nearest = _nearest_colours(self.colours.astype(np.float32))

    def map(self, frame: Frame) -> Bytes:
        """Palette indices `[H, W]` of a frame, uint8."""
        height, width = frame.shape[:2]
        pattern = np.tile(_bayer(3) * _DITHER_STRENGTH, (height // 8 + 1, width // 8 + 1))[:height, :width]
        dithered = np.clip(frame + pattern[:, :, None], 0, 255).astype(np.uint8)
        red, green, blue = (dithered[:, :, channel].astype(np.uint32) for channel in range(3))
        indices: Bytes = self._nearest[(red >> 2 << 12) | (green >> 2 << 6) | (blue >> 2)]
        return indices


def _nearest_colours(colours: npt.NDArray[np.float32]) -> Bytes:
    """The index of the nearest of `colours` for every colour of 6 bits a channel."""
    levels = np.arange(64, dtype=np.float32) * (255 / 63)
    greens, blues = np.meshgrid(levels, levels, indexing="ij")
    lengths = np.square(colours).sum(axis=1)
    nearest = np.empty((64, 64 * 64), np.uint8)
    for row, red in enumerate(levels):  # one slice of red at a time keeps the table of distances small
        points = np.stack([np.full(64 * 64, red), greens.ravel(), blues.ravel()], axis=1)
        nearest[row] = (lengths - 2 * points @ colours.T).argmin(axis=1)
    return nearest.ravel()


def _bayer(order: int) -> npt.NDArray[np.float32]:
    """The Bayer pattern of side `2 ** order`, values in -0.5..0.5."""
    pattern = np.zeros((1, 1))
    for _ in range(order):
        pattern = np.block([[4 * pattern, 4 * pattern + 2], [4 * pattern + 3, 4 * pattern + 1]])
    return ((pattern + 0.5) / pattern.size - 0.5).astype(np.float32)
