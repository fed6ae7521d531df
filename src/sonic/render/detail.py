"""Lays a restored face into the picture that comes out, at whatever size that has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from sonic.face.restore import Detail


def lay_detail(
    shown: npt.NDArray[np.uint8], detail: Detail, place: tuple[float, float, float, float]
) -> npt.NDArray[np.uint8]:
    """The picture `shown` [H, W, 3] with `detail` blended in.

    `place` is the left, top, width and height of the rectangle in the picture's pixels, of any fraction.
    """
    left, top, width, height = place
    rows = slice(max(0, int(top)), min(len(shown), int(top + height) + 1))
    columns = slice(max(0, int(left)), min(shown.shape[1], int(left + width) + 1))
    inside = left - columns.start, top - rows.start, width, height
    size = columns.stop - columns.start, rows.stop - rows.start
    under = shown[rows, columns].astype(np.float32)
    weight = _placed(detail.weight, inside, size, cv2.BORDER_CONSTANT)[..., None]
    over = _placed(detail.pixels.astype(np.float32), inside, size, cv2.BORDER_REPLICATE)
    drawn = shown.copy()
    drawn[rows, columns] = np.clip(under + weight * (over - under), 0, 255).round().astype(np.uint8)
    return drawn


def _placed(
    values: npt.NDArray[np.float32],
    place: tuple[float, float, float, float],
    size: tuple[int, int],
    border: int,
) -> npt.NDArray[Any]:
    """Values [h, w, ...] in a rectangle of a picture of `size` (width, height); shrunk by averaging."""
    left, top, width, height = place
    if width < values.shape[1]:
        values = np.asarray(cv2.resize(values, (round(width), round(height)), interpolation=cv2.INTER_AREA))
    across, down = width / values.shape[1], height / values.shape[0]
    # Coordinates name pixel centres, so halves are added before scaling and taken off again after it.
    matrix = np.array([[across, 0, left + (across - 1) / 2], [0, down, top + (down - 1) / 2]])
    return cv2.warpAffine(values, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border)
