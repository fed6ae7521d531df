"""A histogram of offsets as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_WIDTH, _HEIGHT, _ROW = 640, 150, 110  # of a source's chart, and of the bars in it
_LEFT, _BASE = 40, 126
_REACH, _STEP = 8.0, 0.5  # frames
_BAR, _BAND, _INK = (194, 65, 12), (236, 236, 236), (34, 34, 34)


def draw_histogram(offsets: Mapping[str, Sequence[float]], path: Path) -> None:
    """Write a PNG with one chart of offsets (frames) a source; the grey band is one frame either way."""
    picture = Image.new("RGB", (_WIDTH, max(1, len(offsets)) * _HEIGHT), "white")
    draw = ImageDraw.Draw(picture)
    for row, (source, values) in enumerate(sorted(offsets.items())):
        _chart(draw, row * _HEIGHT, f"{source}: {len(values)} clips, offset in frames", values)
    partial = path.with_suffix(".partial")
    picture.save(partial, "PNG")
    partial.replace(path)


def _chart(draw: ImageDraw.ImageDraw, top: int, title: str, values: Sequence[float]) -> None:
    edges = np.arange(-_REACH, _REACH + _STEP, _STEP)
    counts = np.histogram(np.clip(values, -_REACH, _REACH - 1e-6), edges)[0]
    draw.rectangle((_place(-1), top + 16, _place(1), top + _BASE), fill=_BAND)
    for edge, count in zip(edges, counts, strict=False):
        height = (_ROW - 10) * count / max(1, counts.max())
        if count:
            draw.rectangle(
                (_place(edge) + 1, top + _BASE - height, _place(edge + _STEP) - 1, top + _BASE), fill=_BAR
            )
    draw.text((_LEFT, top + 2), title, fill=_INK)
    for mark in range(-int(_REACH), int(_REACH) + 1, 2):
        draw.text((_place(mark) - 4, top + _BASE + 4), str(mark), fill=_INK)


def _place(frames: float) -> float:
    return _LEFT + (frames + _REACH) / (2 * _REACH) * (_WIDTH - 2 * _LEFT)
