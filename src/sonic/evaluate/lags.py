"""The lag between two series: how late one of them follows the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sonic.motion.head import Array

SEARCH = 8  # video frames


@dataclass(frozen=True)
class Offset:
    """Sound minus picture in video frames (positive: the sound comes late) and how sure we are, -1..1."""

    frames: float
    correlation: float


def correlation(first: Array, second: Array) -> float:
    """Pearson's correlation of two series; 0 when one of them does not move."""
    first, second = first - first.mean(), second - second.mean()
    power = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / power if power > 1e-9 else 0.0


def lag_curve(heard: Array, seen: Array, search: int = SEARCH) -> Array:
    """Correlation of `heard` moved earlier by -search..search frames with `seen`, [2 search + 1]."""
    curve = np.full(2 * search + 1, -1.0, np.float32)
    length = min(len(heard), len(seen))
    for index, lag in enumerate(range(-search, search + 1)):
        start, end = max(0, -lag), min(length, length - lag)
        if end - start >= length // 2 and end - start > 3:
            curve[index] = correlation(heard[start + lag : end + lag], seen[start:end])
    return curve


def peak(curve: Array) -> Offset:
    """The lag at a curve's maximum, between frames by a parabola through its neighbours."""
    best = int(np.argmax(curve))
    lag = float(best - len(curve) // 2)
    if 0 < best < len(curve) - 1:
        before, here, after = (float(curve[best + step]) for step in (-1, 0, 1))
        bend = before - 2 * here + after
        lag += 0.5 * (before - after) / bend if bend < -1e-6 else 0.0
    return Offset(lag, float(curve[best]))
