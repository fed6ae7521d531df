"""Colours that a mouth takes from the face around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.face.topology import OUTER_LIPS

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy.typing as npt

    from sonic.render.pixels import Array

    Picture: TypeAlias = npt.NDArray[np.uint8] | Array  # RGB in 0..255

CHEEKS = (205, 425, 207, 427)  # beside the mouth and above a beard


def skin_colour(points: Array, picture: Picture, unit: float) -> Array:
    """Median RGB of the cheeks; `points` `[468+, 2]` are a face's, pixels, and `unit` its eye distance."""
    return _median_colour(picture, points[list(CHEEKS)], radius=0.06 * unit)


def lip_colour(points: Array, picture: Picture, unit: float) -> Array:
    """Median RGB of the lips' rim."""
    return _median_colour(picture, points[list(OUTER_LIPS)], radius=0.015 * unit)


def _median_colour(picture: Picture, points: Array, radius: float) -> Array:
    reach = max(1, round(radius))
    height, width = picture.shape[:2]
    inside = np.clip(np.rint(points).astype(int), reach, np.array([width, height]) - reach - 1)
    samples = [
        picture[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 3) for x, y in inside
    ]
    return np.asarray(np.median(np.concatenate(samples).astype(np.float32), axis=0), np.float32)
