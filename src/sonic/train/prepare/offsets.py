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
FURTHEST = 3.0  # video frames that a person's offset may lie from that of the source
TELLING = 0.5  # correlation at its own best lag, below which a clip has no say


def source_offset(curves: Sequence[Array], lengths: Sequence[int]) -> float | None:
    """The offset that the clips of a source share, frames; None where they do not agree.

    Args:
        curves: lag curve of each clip.
        lengths: their lengths in video frames; clips too short to judge for themselves are never asked.
    """
    own = zip(map(peak, curves), lengths, strict=True)
    telling = [
        offset.frames for offset, length in own if length >= SHORTEST_ALONE and offset.correlation > TELLING
    ]
    shared = peak(np.mean(curves, axis=0)).frames
    return shared if len(curves) >= ENOUGH_CLIPS and _agree(telling, shared) else None


def shared_offsets(curves: Sequence[Array], people: Sequence[str], shared: float) -> list[Offset]:
    """Offsets of clips in a source that agrees: that of the person where there is enough of them.

    Programmes and cameras of one source differ by a frame here and there; whoever is in them does not.
    """
    offsets: dict[str, float] = {}
    for person in sorted(set(people)):
        theirs = [curve for curve, name in zip(curves, people, strict=True) if name == person]
        own = peak(np.mean(theirs, axis=0)).frames
        certain = len(theirs) >= ENOUGH_CLIPS and abs(own - shared) < FURTHEST
        offsets[person] = own if certain else shared
    return [
        Offset(offsets[person], _at(curve, offsets[person]))
        for curve, person in zip(curves, people, strict=True)
    ]


def own_offsets(curves: Sequence[Array], lengths: Sequence[int]) -> list[Offset | None]:
    """Each clip's own offset; None for clips too short to stand alone."""
    return [
        peak(curve) if length >= SHORTEST_ALONE else None
        for curve, length in zip(curves, lengths, strict=True)
    ]


def _agree(offsets: list[float], shared: float) -> bool:
    """Whether nine of ten lie near the shared offset; nobody to ask counts as agreement."""
    if not offsets:
        return True
    return float(np.percentile(np.abs(np.array(offsets) - shared), 90)) < AGREEMENT


def _at(curve: Array, lag: float) -> float:
    positions = np.arange(len(curve)) - len(curve) // 2
    return float(np.interp(lag, positions, curve))
