"""Where the animated square sits in the picture that comes out, and at which scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from sonic.render.detail import lay_detail

if TYPE_CHECKING:
    import numpy.typing as npt

    from sonic.face.crop import Square
    from sonic.face.portrait import Portrait
    from sonic.render.pixels import Array

    Picture = npt.NDArray[Any]

LONGEST_SIDE = 4096  # what H.264 players accept
KEEP_SCALE = 1.12  # closer to the picture's own resolution than this, its pixels stay untouched


class Canvas:
    """The output picture, and the animated square of `side` pixels with its corner at (`x`, `y`) in it.

    Args:
        portrait: the picture and its animated square.
        resolution: wished side of the square; less where the whole picture would exceed `LONGEST_SIDE`.
        crop: "full" shows the whole picture, "face" the square alone.
    """

    def __init__(self, portrait: Portrait, resolution: int, crop: str) -> None:
        self.layout = _whole(portrait, resolution) if crop == "full" else _alone(portrait.crop, resolution)
        self.side, self.x, self.y = self.layout.side, self.layout.x, self.layout.y
        self.backdrop = self.layout.show(portrait.image)
        if portrait.detail is not None:
            place = self.layout.place(portrait.detail.box)
            self.backdrop = lay_detail(self.backdrop, portrait.detail, place)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the output, both even."""
        height, width = self.backdrop.shape[:2]
        return width, height

    @property
    def open_sides(self) -> tuple[bool, bool, bool, bool]:
        """Whether the square's left, top, right and bottom lie on or beyond the output's own border."""
        width, height = self.size
        return self.x <= 0, self.y <= 0, self.x + self.side >= width, self.y + self.side >= height

    def to_crop(self, landmarks: Array) -> Array:
        """Landmarks `[n, 3]` from picture pixels to pixels of the animated square."""
        moved = (landmarks - np.array([*self.layout.origin, 0], np.float32)) * np.float32(self.layout.scale)
        return (moved - np.array([self.x, self.y, 0], np.float32)).astype(np.float32)

    def cut(self, picture: Picture) -> Picture:
        """The animated square of a picture-sized array, `[side, side, ...]`, continued beyond the border."""
        return self._square(self.layout.show(picture))

    def portrait(self) -> npt.NDArray[np.uint8]:
        """The animated square of the portrait at rest, `[side, side, 3]`."""
        return self._square(self.backdrop)

    def _square(self, shown: Picture) -> Picture:
        height, width = shown.shape[:2]
        left, top = max(0, -self.x), max(0, -self.y)
        right, bottom = max(0, self.x + self.side - width), max(0, self.y + self.side - height)
        inner = shown[max(0, self.y) : self.y + self.side, max(0, self.x) : self.x + self.side]
        return cv2.copyMakeBorder(inner, top, bottom, left, right, cv2.BORDER_REPLICATE)

    def paste(self, crop: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The output picture with the animated square in its place."""
        width, height = self.size
        if (self.x, self.y) == (0, 0) and self.side == width == height:
            return crop
        return pasted(self.backdrop, crop, self.x, self.y)


@dataclass(frozen=True)
class _Layout:
    """Output = the picture's rectangle at `origin` with `extent` (width, height), times `scale`."""

    origin: tuple[int, int]
    extent: tuple[int, int]
    scale: float
    size: tuple[int, int]
    x: int
    y: int
    side: int

    def show(self, picture: Picture) -> Picture:
        """What the output shows of a picture-sized array."""
        shown = region(picture, self.origin, self.extent)
        if self.scale == 1.0:
            return np.ascontiguousarray(shown[: self.size[1], : self.size[0]])
        return cv2.resize(shown, self.size, interpolation=_filter(self.scale))

    def place(self, box: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
        """Left, top, width and height in the output of a rectangle of the picture."""
        across, down = (size / extent for size, extent in zip(self.size, self._shown(), strict=True))
        x, y, width, height = box
        return (x - self.origin[0]) * across, (y - self.origin[1]) * down, width * across, height * down

    def _shown(self) -> tuple[int, int]:
        """Width and height of what is shown, in picture pixels; at scale 1 an odd last row is left out."""
        return self.size if self.scale == 1.0 else self.extent


def _whole(portrait: Portrait, resolution: int) -> _Layout:
    height, width = portrait.image.shape[:2]
    square = portrait.crop
    scale = min(resolution / square.size, LONGEST_SIDE / max(height, width))
    if 1 / KEEP_SCALE < scale < KEEP_SCALE and max(height, width) <= LONGEST_SIDE:
        scale = 1.0
    size = (_even(width * scale), _even(height * scale))
    side = round(square.size * scale)
    return _Layout(
        (0, 0), (width, height), scale, size, round(square.x * scale), round(square.y * scale), side
    )


def _alone(square: Square, resolution: int) -> _Layout:
    side = resolution + resolution % 2
    extent = round(square.size)
    scale = side / extent
    origin = (round(square.x), round(square.y))
    return _Layout(origin, (extent, extent), scale, (side, side), 0, 0, side)


def _even(length: float) -> int:
    return max(2, int(length) // 2 * 2)


def _filter(scale: float) -> int:
    return cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC


def pasted(picture: Picture, square: Picture, x: int, y: int) -> Picture:
    """A copy of the picture with the part of a square, whose corner is at (x, y), that lies in it."""
    copy = picture.copy()
    side, (height, width) = len(square), picture.shape[:2]
    top, bottom, left, right = max(0, y), min(height, y + side), max(0, x), min(width, x + side)
    copy[top:bottom, left:right] = square[top - y : bottom - y, left - x : right - x]
    return copy


def region(picture: Picture, origin: tuple[int, int], extent: tuple[int, int]) -> Picture:
    """A rectangle of the picture, continued beyond the border by its last pixels."""
    height, width = picture.shape[:2]
    (x, y), (w, h) = origin, extent
    inner = picture[max(0, y) : max(0, y + h), max(0, x) : max(0, x + w)]
    beyond = (max(0, -y), max(0, y + h - height), max(0, -x), max(0, x + w - width))
    return cv2.copyMakeBorder(inner, *beyond, cv2.BORDER_REPLICATE) if any(beyond) else inner
