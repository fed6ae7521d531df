"""Where skin is looked at, and its typical colour among patches of which some may be covered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOREHEAD = (151, 9, 108, 337, 69, 299, 67, 297)
CHEEKS = (50, 280, 205, 425, 101, 330, 117, 346)
# What stays free under a mask: forehead, bridge of the nose, and right below the eyes.
ABOVE_MASK = (151, 9, 8, 108, 337, 69, 299, 6, 197, 195, 117, 346, 118, 347, 101, 330)
# What a mask covers: upper lip, chin, jaw, lower cheeks.
BELOW_NOSE = (164, 167, 393, 18, 200, 199, 194, 418, 212, 432, 210, 430, 214, 434, 216, 436)
# The same places of the right and the left half.
HALVES = ((50, 117, 205, 212, 210, 214, 67, 108), (280, 346, 425, 432, 430, 434, 297, 337))
DARKEST = 5.0  # L*; what is darker than this has no colour to compare with


def typical(patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """The patch [3] that is nearest to all others of [n, 3]: skin, as long as half of them show it."""
    distances = np.linalg.norm(patches[:, None] - patches[None], axis=-1)
    return np.asarray(patches[int(np.argmin(distances.sum(axis=1)))])


def luminance(lightness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Amount of light, 0..1, of lightness L* in 0..100 (CIE 1976, without its linear foot)."""
    return np.asarray(((np.clip(lightness, 0, 100) + 16) / 116) ** 3, dtype=np.float32)
