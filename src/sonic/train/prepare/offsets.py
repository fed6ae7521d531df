"""How far each clip's sound is from its picture, found by a probe that learns as the clips are cleaned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.evaluate.lags import Offset, peak

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonic.motion.head import Array

SHORTEST_ALONE = 60  # video frames; shorter clips say too little about their own offset
AGREEMENT = 1.5  # video frames; a source whose clips spread less than this shares one offset
ENOUGH_CLIPS = 10
TELLING = 0.5  # correlation at its own best lag, below which a clip has no say


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
