"""Fades a rectangle of a picture into what surrounds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def feather(
    size: tuple[int, int], start: tuple[int, int], shape: tuple[int, ...], share: float
) -> NDArray[np.float32]:
    """Weights [h, w], 1 inside, falling to 0 along those sides that are not the picture's own border.

    Args:
        size: height and width of the rectangle.
        start: its first row and column in the picture.
        shape: height and width of the picture.
        share: part of each side over which the weights fall, 0..0.5.
    """
    ramps = []
    for extent, first, whole in zip(size, start, shape, strict=True):
        position = np.arange(extent, dtype=np.float32) + 1
        reach = max(1.0, share * extent)
        before = position / reach if first > 0 else np.full(extent, 1.0, np.float32)
        after = position[::-1] / reach if first + extent < whole else np.full(extent, 1.0, np.float32)
        ramps.append(np.clip(np.minimum(before, after), 0, 1))
    return np.asarray(np.outer(*ramps), dtype=np.float32)
