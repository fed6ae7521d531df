"""Guided filter: bends a soft mask to the colour edges of the picture it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORKING_SIDE = 512  # the linear model is fitted at this size and applied at full resolution
RADIUS = 6  # pixels at the working size
SMOOTHNESS = 2e-4  # variance of colour, 0..1, below which the picture counts as flat


def guided_refine(image: NDArray[np.uint8], mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mask [H, W] in 0..1 with the edges of the RGB picture [H, W, 3].

    In every small neighbourhood the mask is replaced by the linear function of colour that fits it best.
    """
    height, width = mask.shape
    scale = min(1.0, WORKING_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    guide = _resize(image, size).astype(np.float32) / np.float32(255)
    slope, offset = (
        _resize(_average(part), (width, height)) for part in _linear_model(guide, _resize(mask, size))
    )
    refined = offset + np.einsum("hwc,hwc->hw", slope, image, dtype=np.float32) / np.float32(255)
    return np.asarray(np.clip(refined, 0, 1), dtype=np.float32)


def _resize(values: NDArray[np.generic], size: tuple[int, int]) -> NDArray[np.float32]:
    shrinking = size[0] < values.shape[1]
    drawn = cv2.resize(
        values.astype(np.float32), size, interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    )
    return np.asarray(drawn, dtype=np.float32)


def _linear_model(
    guide: NDArray[np.float32], target: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Slope [h, w, 3] and offset [h, w] of the local least-squares fit of `target` to the guide's colour."""
    mean_guide, mean_target = _average(guide), _average(target)
    covariance = _average(guide * target[..., None]) - mean_guide * mean_target[..., None]
    products = guide[..., :, None] * guide[..., None, :]
    spread = _average(products.reshape(*target.shape, 9)).reshape(*target.shape, 3, 3)
    spread = spread - mean_guide[..., :, None] * mean_guide[..., None, :]
    spread = spread + SMOOTHNESS * np.eye(3, dtype=np.float32)
    slope = np.linalg.solve(spread, covariance[..., None])[..., 0].astype(np.float32)
    return slope, mean_target - (slope * mean_guide).sum(axis=-1)


def _average(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean over the window around every pixel; OpenCV takes at most four channels at once."""
    window = (2 * RADIUS + 1, 2 * RADIUS + 1)
    if values.ndim == 2:
        return np.asarray(cv2.boxFilter(values, -1, window), dtype=np.float32)
    planes = [cv2.boxFilter(np.ascontiguousarray(plane), -1, window) for plane in np.moveaxis(values, -1, 0)]
    return np.stack(planes, axis=-1)
