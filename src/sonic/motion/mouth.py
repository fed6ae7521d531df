"""Lip opening, and how to close an open mouth without inventing another face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.face.topology import MOUTH_CORNERS
from sonic.motion.regions import INNER_LIP_LOWER, INNER_LIP_UPPER, SECOND_LIP_LOWER, SECOND_LIP_UPPER

if TYPE_CHECKING:
    from sonic.motion.head import Array

_GAP_STIFFNESS = 1e-4  # IOD^2; how far the closing may miss before it bends the face more
_FOLLOW = 0.5  # the second ring of the lips follows the inner one half-way
_MIDDLE = len(INNER_LIP_UPPER) // 2


def lip_gaps(points: Array) -> Array:
    """Vertical gaps between the inner lips at nine places, IOD, [..., 9]; negative where lips overlap."""
    return points[..., INNER_LIP_LOWER, 1] - points[..., INNER_LIP_UPPER, 1]


def lip_opening(points: Array) -> Array:
    """The gap in the middle of the mouth (mean of three places), IOD, [...]."""
    opening: Array = lip_gaps(points)[..., _MIDDLE - 1 : _MIDDLE + 2].mean(-1)
    return opening


def mouth_width(points: Array) -> Array:
    """The distance between the corners of the mouth, IOD, [...]."""
    width: Array = np.linalg.norm(
        points[..., MOUTH_CORNERS[1], :] - points[..., MOUTH_CORNERS[0], :], axis=-1
    )
    return width


def close_mouth(points: Array, basis: Array, gap: Array | float = 0.0) -> Array:
    """Shut an open mouth as mouths shut: by the smallest expression change that brings the lips together.

    Args:
        points: one face in the head frame, [478, 3].
        basis: expression displacements of unit spread, [K, 478, 3].
        gap: the inner-lip gaps to end with, IOD; scalar or [9].

    Returns:
        The closed face [478, 3]; what the expressions cannot reach is pushed shut at the inner lips.
    """
    excess = lip_gaps(points) - gap
    response = lip_gaps(basis)  # K places
    inner = response.T @ response + _GAP_STIFFNESS * np.eye(response.shape[1], dtype=np.float32)
    coefficients = -response @ np.linalg.solve(inner, excess)
    return push_gaps((points + np.tensordot(coefficients, basis, 1)).astype(np.float32), gap)


def push_gaps(points: Array, gap: Array | float) -> Array:
    """Move the inner lips vertically, both by the same amount, until their gaps are `gap`; [..., 478, 3]."""
    half = (lip_gaps(points) - gap) / 2
    return _shift_lips(points, half)


def seal_overlap(points: Array) -> Array:
    """Part lips that overlap until they just touch, [..., 478, 3]."""
    return _shift_lips(points, np.minimum(lip_gaps(points), 0) / 2)


def _shift_lips(points: Array, half: Array) -> Array:
    pushed = points.copy()
    pushed[..., INNER_LIP_UPPER, 1] += half
    pushed[..., INNER_LIP_LOWER, 1] -= half
    pushed[..., SECOND_LIP_UPPER, 1] += _FOLLOW * half
    pushed[..., SECOND_LIP_LOWER, 1] -= _FOLLOW * half
    return pushed
