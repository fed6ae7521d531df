"""The mouth network beside the drawn mouth and real frames, on people that it never saw."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sonic.evaluate.output import write_text
from sonic.render.mouth_network import mix
from sonic.render.mouth_rule import light_by_rule
from sonic.render.mouth_view import PIXELS_PER_EYE_DISTANCE, VIEW_HEIGHT, VIEW_WIDTH
from sonic.render.pixels import Window
from sonic.render.teeth import Palette
from sonic.train.mouth.dataset import MouthClip, collate
from sonic.train.mouth.measures import Likeness, compare_frames
from sonic.train.mouth.network import blend
from sonic.train.mouth.objective import framed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor, nn

    from sonic.render.pixels import Array
    from sonic.train.mouth.dataset import Mouth

_LONGEST = 40  # frames looked at in a clip
_MIDDLE_GREY = 128  # brightness that the first condition counts in doublings from


def measure(network: nn.Module, code: Tensor, clips: Sequence[MouthClip]) -> dict[str, dict[str, Any]]:
    """Figures by source, and of all, of the mouth drawn by rule, the network's, and both mixed."""
    sums: dict[str, dict[str, Likeness]] = {}
    network.eval()
    for clip in clips:
        frames = _stretch(clip)
        if len(frames) < 2:
            continue
        mouth = collate([clip.mouth(frame, frames[0]) for frame in frames])
        for name, painted in _paint(network, code, clip, frames, mouth).items():
            likeness = _likeness(framed(painted, mouth), mouth)
            for group in (clip.clip.source, "all"):
                row = sums.setdefault(group, {})
                row[name] = row.get(name, Likeness()) + likeness
    return {
        group: {name: likeness.figures() for name, likeness in row.items()} for group, row in sums.items()
    }


@torch.no_grad()
def _paint(
    network: nn.Module, code: Tensor, clip: MouthClip, frames: list[int], mouth: Mouth
) -> dict[str, Tensor]:
    drawn, learned = _drawn(clip, frames, mouth), blend(network(mouth.planes, mouth.conditions, code), mouth)
    teeth = torch.maximum(mouth.upper[:, 3], mouth.lower[:, 3])
    both = (_mixed(*layers) for layers in zip(drawn, learned, teeth, strict=True))
    return {"drawn": drawn, "learned": learned, "mixed": torch.stack(list(both))}


def _mixed(drawn: Tensor, learned: Tensor, teeth: Tensor) -> Tensor:
    below, above = (frame.permute(1, 2, 0).numpy() for frame in (drawn, learned))
    return torch.from_numpy(mix(below, above, teeth.numpy(), PIXELS_PER_EYE_DISTANCE)).permute(2, 0, 1)


def _stretch(clip: MouthClip) -> list[int]:
    """The longest run of consecutive open frames, cut at its start."""
    runs = np.split(clip.usable, np.flatnonzero(np.diff(clip.usable) > 1) + 1)
    return [int(frame) for frame in max(runs, key=len)[:_LONGEST]]


def _drawn(clip: MouthClip, frames: list[int], mouth: Mouth) -> Tensor:
    """The mouth as it is drawn without a network, in shares of the skin's brightness."""
    skin, lips = clip.colours(frames[0])
    palette, window = Palette.of(skin, lips), Window(0, 0, VIEW_WIDTH, VIEW_HEIGHT)
    lights = _lights(mouth)
    painted = []
    for index, frame in enumerate(frames):
        upper, lower = (_layer(teeth[index], float(lights[index])) for teeth in (mouth.upper, mouth.lower))
        colours = light_by_rule(window, clip.edges(frame), upper, lower, palette)
        painted.append(torch.from_numpy(colours.transpose(2, 0, 1)) / lights[index])
    return torch.stack(painted)


def _layer(teeth: Tensor, light: float) -> tuple[Array, Array]:
    values = teeth.numpy().transpose(1, 2, 0)
    return values[..., :3] * np.float32(light), np.ascontiguousarray(values[..., 3])


def _lights(mouth: Mouth) -> Tensor:
    return _MIDDLE_GREY * 2 ** mouth.conditions[:, 0]


def _likeness(frames: Tensor, mouth: Mouth) -> Likeness:
    lights = _lights(mouth)[:, None, None, None]
    painted, real = (
        np.ascontiguousarray((values * lights).clamp(0, 255).numpy().transpose(0, 2, 3, 1))
        for values in (frames, mouth.truth)
    )
    return compare_frames(painted, real, mouth.hole[:, 0].numpy())


def write_report(figures: dict[str, dict[str, Any]], folder: Path) -> str:
    """Write `report.json` and `report.md`; returns the text of the latter."""
    rows = ["| source | mouth | PSNR, dB | SSIM | sharpness | flicker |", "|---|---|---|---|---|---|"]
    rows += [
        f"| {group} | {name} | {row['psnr']:.2f} | {row['ssim']:.3f} "
        f"| {row['sharpness']:.2f} | {row['flicker']:.2f} |"
        for group, mouths in sorted(figures.items())
        for name, row in mouths.items()
    ]
    text = "\n".join(rows) + "\n"
    write_text(folder / "report.json", json.dumps(figures, indent=1) + "\n")
    write_text(folder / "report.md", text)
    return text
