"""Medians and means with bootstrap intervals that draw whole people, because clips of one person agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonic.motion.head import Array

DRAWS = 1000
UNKNOWN = float("nan")


@dataclass(frozen=True)
class Estimate:
    """A median or share and its 95 % interval; all NaN where nothing is known."""

    value: float
    low: float
    high: float


def median(values: Array) -> float:
    """The median of the finite values; NaN if there are none."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else UNKNOWN


def mean(values: Array) -> float:
    """The mean of the finite values; NaN if there are none."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else UNKNOWN


def estimate_median(values: Array, people: Sequence[str], draws: int = DRAWS) -> Estimate:
    """The median of the finite of `values` [N] and its interval; `people` [N] says whose they are."""
    values, weights = _drawn(values, people, draws)
    if not len(values):
        return Estimate(UNKNOWN, UNKNOWN, UNKNOWN)
    order = np.argsort(values)
    share = np.cumsum(weights[:, order], axis=1)
    half, ranked = share[:, -1:] / 2, values[order]
    middle = (ranked[(share >= half).argmax(1)] + ranked[(share > half).argmax(1)]) / 2
    return _interval(float(np.median(values)), middle)


def estimate_mean(values: Array, people: Sequence[str], draws: int = DRAWS) -> Estimate:
    """The mean of the finite of `values` [N] and its interval; of zeros and ones, a share."""
    values, weights = _drawn(values, people, draws)
    if not len(values):
        return Estimate(UNKNOWN, UNKNOWN, UNKNOWN)
    return _interval(float(values.mean()), weights @ values / weights.sum(1))


def _drawn(values: Array, people: Sequence[str], draws: int) -> tuple[Array, Array]:
    """The finite values [n] and how often each counts in every draw of people, [draws, n]."""
    known = np.isfinite(values)
    names, owner = np.unique(np.asarray(list(people))[known], return_inverse=True)
    if not len(names):
        return values[known], np.zeros((draws, 0))
    rng = np.random.default_rng(0)
    chosen = rng.integers(len(names), size=(draws, len(names)))
    counts = np.stack([np.bincount(row, minlength=len(names)) for row in chosen])
    return values[known].astype(np.float64), counts[:, owner].astype(np.float64)


def _interval(value: float, drawn: Array) -> Estimate:
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Estimate(value, float(low), float(high))
