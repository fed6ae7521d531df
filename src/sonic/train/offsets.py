"""How far each clip's sound is from its picture, found by a probe that learns as the clips are cleaned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonic.motion.head import Array

SEARCH = 8  # video frames
SHORTEST_ALONE = 60  # video frames; shorter clips say too little about their own offset
AGREEMENT = 1.5  # video frames; a source whose clips spread less than this shares one offset
ENOUGH_CLIPS = 10
TELLING = 0.5  # correlation at its own best lag, below which a clip has no say


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


def shared_offsets(curves: Sequence[Array], lengths: Sequence[int]) -> list[Offset | None]:
    """One offset per clip of a source: the source's where its clips agree, else the clip's own.

    Args:
        curves: lag curve of each clip.
        lengths: their lengths in video frames; clips too short to judge for themselves are never asked.

    Returns:
        None for a clip that is too short to stand alone in a source that does not agree.
    """
    own = [peak(curve) for curve in curves]
    long = [length >= SHORTEST_ALONE for length in lengths]
    telling = [
        offset.frames for offset, able in zip(own, long, strict=True) if able and offset.correlation > TELLING
    ]
    shared = peak(np.mean(curves, axis=0))
    if _agree(telling, shared.frames) and len(curves) >= ENOUGH_CLIPS:
        return [Offset(shared.frames, _at(curve, shared.frames)) for curve in curves]
    return [offset if able else None for offset, able in zip(own, long, strict=True)]


def _agree(offsets: list[float], shared: float) -> bool:
    """Whether nine of ten lie near the shared offset; nobody to ask counts as agreement."""
    if not offsets:
        return True
    return float(np.percentile(np.abs(np.array(offsets) - shared), 90)) < AGREEMENT


def _at(curve: Array, lag: float) -> float:
    positions = np.arange(len(curve)) - len(curve) // 2
    return float(np.interp(lag, positions, curve))
