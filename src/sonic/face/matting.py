"""Guided filter: bends a soft mask to the colour edges of the picture it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from sonic.face.sampling import resized

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORKING_SIDE = 512  # the linear model is fitted at this size and applied at full resolution
RADIUS = 6  # pixels at the working size
SMOOTHNESS = 2e-4  # variance of colour, 0..1, below which the picture counts as flat


def guided_refine(image: NDArray[np.uint8], mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """A coarse mask [h, w] in 0..1 at the size of the RGB picture [H, W, 3], with the picture's edges.

    In every small neighbourhood the mask is replaced by the linear function of colour that fits it best.
    """
    height, width = image.shape[:2]
    scale = min(1.0, WORKING_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    guide = resized(image, size) / np.float32(255)
    slope, refined = _linear_model(guide, resized(mask, size))
    refined = resized(_average(refined), (width, height))
    for channel in range(3):  # one at a time: pictures may be large
        factor = resized(_average(slope[..., channel]), (width, height))
        refined += factor * image[..., channel] * np.float32(1 / 255)
    return refined


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
