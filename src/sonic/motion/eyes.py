"""Lids and gaze, read from tracked eyes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.face.topology import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS
from sonic.motion.regions import IRIS_CENTRES, LEFT_LID_PAIRS, RIGHT_LID_PAIRS

if TYPE_CHECKING:
    from sonic.motion.head import Array

_SHUT = 0.18  # what trackers still report of the resting aperture when the eye is shut
_REST_PERCENTILE = 60


def lid_aperture(points: Array) -> Array:
    """Opening of the right and the left eye over its width, [..., 2]."""
    eyes = ((RIGHT_LID_PAIRS, RIGHT_EYE_CORNERS), (LEFT_LID_PAIRS, LEFT_EYE_CORNERS))
    return np.stack([_aperture(points, np.array(pairs), corners) for pairs, corners in eyes], axis=-1)


def _aperture(points: Array, pairs: Array, corners: tuple[int, int]) -> Array:
    heights = np.linalg.norm(points[..., pairs[:, 0], :] - points[..., pairs[:, 1], :], axis=-1)
    width = np.linalg.norm(points[..., corners[0], :] - points[..., corners[1], :], axis=-1)
    aperture: Array = heights.mean(-1) / np.maximum(width, 1e-6)
    return aperture


def lid_closure(points: Array) -> Array:
    """Closure of the right and the left eye against their own rest, [T, 2]; 0 rests, 1 is shut."""
    aperture = lid_aperture(points)
    rest = np.percentile(aperture, _REST_PERCENTILE, axis=0)
    return np.clip((rest - aperture) / ((1 - _SHUT) * rest), -0.5, 1.0).astype(np.float32)


def gaze_of(points: Array) -> Array:
    """Shift of the irises from their usual place, right and down, in eye widths, [T, 2]."""
    shifts = []
    for iris, corners in zip(IRIS_CENTRES, (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS), strict=True):
        width = np.linalg.norm(points[:, corners[0]] - points[:, corners[1]], axis=-1)
        middle = points[:, corners, :2].mean(1)
        shifts.append((points[:, iris, :2] - middle) / width[:, None])
    gaze: Array = np.mean(shifts, axis=0)
    return np.asarray(gaze - np.median(gaze, axis=0), np.float32)
