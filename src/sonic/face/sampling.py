"""Cuts square regions out of pictures at a network's input size, maps points back, and resizes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHRINK_FIRST = 2.0  # a bilinear sampler skips pixels beyond this factor


@dataclass(frozen=True)
class Region:
    """A turned square in a picture: centre and side in pixels, `angle` in radians clockwise on screen."""

    x: float
    y: float
    size: float
    angle: float = 0.0

    def matrix(self, target: int) -> NDArray[np.float64]:
        """The 2x3 matrix from picture pixels to the pixels of this region drawn at `target` x `target`."""
        scale = target / self.size
        cosine, sine = np.cos(self.angle) * scale, np.sin(self.angle) * scale
        half = target / 2
        return np.array(
            [
                [cosine, sine, half - cosine * self.x - sine * self.y],
                [-sine, cosine, half + sine * self.x - cosine * self.y],
            ]
        )

    def to_picture(self, points: NDArray[np.float32], target: int) -> NDArray[np.float32]:
        """Points [..., 2] of the region drawn at `target` x `target`, in picture pixels."""
        inverse = cv2.invertAffineTransform(self.matrix(target))
        return (points @ inverse[:, :2].T + inverse[:, 2]).astype(np.float32)


def cut_region(
    image: NDArray[np.uint8], region: Region, target: int, *, border: int = cv2.BORDER_REPLICATE
) -> NDArray[np.uint8]:
    """The region of an RGB picture [H, W, 3] drawn at `target` x `target`; `border` is an OpenCV mode."""
    image, region = _shrink(image, region, target)
    matrix = region.matrix(target)
    drawn = cv2.warpAffine(image, matrix, (target, target), flags=cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(drawn, dtype=np.uint8)


def resized(
    values: NDArray[Any], size: tuple[int, ...], *, enlarging: int = cv2.INTER_LINEAR
) -> NDArray[np.float32]:
    """Values [h, w, ...] at another size (width, height), averaged where that is smaller."""
    method = cv2.INTER_AREA if size[0] < values.shape[1] else enlarging
    return np.asarray(cv2.resize(values, size, interpolation=method), dtype=np.float32)


def _shrink(image: NDArray[np.uint8], region: Region, target: int) -> tuple[NDArray[np.uint8], Region]:
    """Average pixels down first where the region is much larger than its target, against aliasing."""
    factor = region.size / target
    if factor <= SHRINK_FIRST:
        return image, region
    height, width = image.shape[:2]
    reach = region.size * 0.75  # half the diagonal and some margin
    left, right = (int(np.clip(region.x + side * reach, 0, width)) for side in (-1, 1))
    top, bottom = (int(np.clip(region.y + side * reach, 0, height)) for side in (-1, 1))
    if right - left < factor or bottom - top < factor:
        return image, region
    columns, rows = round((right - left) / factor), round((bottom - top) / factor)
    small = cv2.resize(image[top:bottom, left:right], (columns, rows), interpolation=cv2.INTER_AREA)
    # Coordinates name pixel centres, so halves are added before scaling and taken off again after it.
    x = (region.x - left + 0.5) * columns / (right - left) - 0.5
    y = (region.y - top + 0.5) * rows / (bottom - top) - 0.5
    return np.asarray(small, dtype=np.uint8), replace(region, x=x, y=y, size=region.size / factor)
