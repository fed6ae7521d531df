"""Hides a pattern in the brightness of frames: stronger where texture covers it, the same in every frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from sonic.marks.pattern import FINER, SIDE, TILES, tile
from sonic.marks.payload import to_symbols

if TYPE_CHECKING:
    from sonic.marks.pattern import Floats
    from sonic.media.film import Frame

FAINT, STRONG = 0.8, 2.0  # levels of 255, root mean square, on smooth and on textured places
_TEXTURE = (0.5, 4.5)  # levels, of the details that call for the one and for the other
_MAP_SIDE = 128  # pixels, short side of the map of texture


class Watermark:
    """Marks the frames of one video; where it may be strong is decided by the first of them."""

    def __init__(self, mark: str) -> None:
        self._tile = tile(to_symbols(mark))
        self._halves: tuple[Frame, Frame] | None = None

    def on(self, frame: Frame) -> Frame:
        """A copy of a frame `[H, W, 3]` with the mark in it; all frames have one size."""
        if self._halves is None:
            self._halves = self._split(frame)
        brighter, darker = self._halves
        marked = cv2.add(frame, brighter)  # 8 bits that stop at the ends: two passes over the pixels
        return np.asarray(cv2.subtract(marked, darker, dst=marked), np.uint8)

    def _split(self, frame: Frame) -> tuple[Frame, Frame]:
        """What to add to and what to take from every frame."""
        levels = np.rint(_spread(self._tile, frame.shape[:2]) * strength(frame))
        colours = np.repeat(levels[:, :, None], 3, axis=2)
        return np.clip(colours, 0, 255).astype(np.uint8), np.clip(-colours, 0, 255).astype(np.uint8)


def _spread(drawn: Floats, shape: tuple[int, int]) -> Floats:
    """The tile repeated over a picture `[H, W]`, its first sample in the corner."""
    scale = TILES * SIDE * FINER / min(shape)
    rows, columns = (((np.arange(n) + 0.5) * scale - FINER / 2) % (SIDE * FINER) for n in shape)
    border = 2  # pixels that bicubic interpolation reaches beyond the tile
    xs, ys = np.meshgrid((columns + border).astype(np.float32), (rows + border).astype(np.float32))
    padded = np.pad(drawn, border, mode="wrap")
    return np.asarray(cv2.remap(padded, xs, ys, cv2.INTER_CUBIC), np.float32)


def strength(frame: Frame) -> Floats:
    """How strong the mark may be, levels `[H, W]`: by the texture around, of which lone edges are no part."""
    height, width = frame.shape[:2]
    scale = _MAP_SIDE / min(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    details = np.abs(small - cv2.GaussianBlur(small, (0, 0), 2.0))
    around = cv2.erode(cv2.GaussianBlur(details, (0, 0), 1.5), np.ones((7, 7), np.uint8))
    low, high = _TEXTURE
    levels = np.interp(cv2.GaussianBlur(around, (0, 0), 2.0), (low, high), (FAINT, STRONG))
    return np.asarray(cv2.resize(levels, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
