"""The few OpenCV operations that drawing needs, with one border rule and exact types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar, cast

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Picture = npt.NDArray[np.uint8]
Pixels = TypeVar("Pixels", bound=npt.NDArray[Any])

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # how bright red, green and blue are (ITU-R BT.601)


@dataclass(frozen=True)
class Window:
    """A rectangle of whole pixels in the crop that is drawn anew in one frame."""

    x: int
    y: int
    width: int
    height: int

    def part(self, start: int, stop: int) -> Window:
        """Rows `[start, stop)` of the window as a window of their own."""
        return Window(self.x, self.y + start, self.width, stop - start)

    def within(self, outer: Window) -> tuple[slice, slice]:
        """Rows and columns of the window in the pixels of an outer one."""
        return Window(self.x - outer.x, self.y - outer.y, self.width, self.height).slices

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of the window."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)


def remap(pixels: Pixels, where: Array, *, sharp: bool = False, mirror: bool = False) -> Pixels:
    """Pixels at fractional (column, row) positions `where` `[h, w, 2]`.

    Linear between pixels, cubic when `sharp`. Beyond the border the last pixels go on, or, when `mirror`, the
    picture is reflected.
    """
    kind = cv2.INTER_CUBIC if sharp else cv2.INTER_LINEAR
    border = cv2.BORDER_REFLECT_101 if mirror else cv2.BORDER_REPLICATE
    return cast("Pixels", cv2.remap(pixels, where, cast("Any", None), kind, borderMode=border))


def resize(pixels: Pixels, width: int, height: int, interpolation: int = cv2.INTER_LINEAR) -> Pixels:
    """Pixels at another size."""
    return cast("Pixels", cv2.resize(pixels, (width, height), interpolation=interpolation))


def blur(pixels: Pixels, sigma: float) -> Pixels:
    """Gaussian blur with a standard deviation in pixels."""
    return cast("Pixels", cv2.GaussianBlur(pixels, (0, 0), sigma))


def affine(pixels: Pixels, source: Array, target: Array, shape: tuple[int, int], *, extend: bool) -> Pixels:
    """Carry three `source` points `[3, 2]` onto `target` in a picture of `shape` (height, width).

    Beyond the source's border lie its last pixels when `extend`, else zeros.
    """
    matrix = cv2.getAffineTransform(source.astype(np.float32), target.astype(np.float32))
    border = cv2.BORDER_REPLICATE if extend else cv2.BORDER_CONSTANT
    moved = cv2.warpAffine(pixels, matrix, shape[::-1], flags=cv2.INTER_LINEAR, borderMode=border)
    return cast("Pixels", moved)


def erode(mask: Picture, reach: int) -> Picture:
    """Shrink a mask by `reach` pixels all around."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return cast("Picture", cv2.erode(mask, disc))


def dilate(mask: Picture, width: int, height: int) -> Picture:
    """Grow a mask by a rectangle of `width` x `height` pixels."""
    return cast("Picture", cv2.dilate(mask, np.ones((height, width), np.uint8)))


def close_dark(picture: Picture, size: int) -> Picture:
    """Fill dark things thinner than `size` pixels with what is around them (a morphological closing)."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return cast("Picture", cv2.morphologyEx(picture, cv2.MORPH_CLOSE, disc))


def inpaint(picture: Picture, hidden: Picture) -> Picture:
    """Fill small hidden places (mask > 0) from their surroundings (Telea 2004)."""
    return cast("Picture", cv2.inpaint(picture, hidden, 3, cv2.INPAINT_TELEA))


def polygon(outline: Array, height: int, width: int) -> Picture:
    """Mask of a polygon `[n, 2]`: 1 inside, 0 outside, uint8 `[height, width]`."""
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 1)
    return mask
