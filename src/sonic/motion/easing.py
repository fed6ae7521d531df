"""Curves from 0 to 1 without corners."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


def smoothstep(value: npt.NDArray[np.floating[Any]]) -> Array:
    """Rise from 0 to 1 (cubic Hermite), clipped outside 0..1."""
    clipped = np.clip(value, 0, 1)
    risen: Array = (clipped * clipped * (3 - 2 * clipped)).astype(np.float32)
    return risen


def ramp(values: npt.NDArray[np.floating[Any]], start: float, end: float) -> Array:
    """0 up to `start`, 1 from `end` on, smooth between."""
    return smoothstep((values - start) / (end - start))
