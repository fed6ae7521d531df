"""Takes stretches out of sound that streams by, and silences others, holding no more than one stretch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sonic.media.audio import Samples

FADE_SECONDS = 0.02  # over which silenced sound goes and comes; a hard edge would click


def cut(blocks: Iterable[Samples], stretches: Iterable[tuple[int, int]]) -> Iterator[Samples]:
    """The samples of each stretch (first, end), shorter where the sound ends before.

    Args:
        blocks: mono sound, [n] of any length.
        stretches: numbers of samples, none beginning before the one before it.
    """
    source = iter(blocks)
    held, first = np.zeros(0, np.float32), 0  # samples from number `first` on
    for start, stop in stretches:
        held, first = _forget(held, first, start)
        while first + len(held) < stop and (block := next(source, None)) is not None:
            held, first = _forget(np.concatenate([held, block]), first, start)
        yield held[: max(0, stop - first)]


def silence(
    blocks: Iterable[Samples], stretches: Sequence[tuple[float, float]], sample_rate: int
) -> Iterator[Samples]:
    """Mono sound in blocks [n] whose stretches, begin and end in seconds and in order, are silent."""
    first = 0
    for block in blocks:
        times = (first + np.arange(len(block))) / sample_rate
        loudness = np.ones(len(block))
        for start, end in stretches:
            if start - FADE_SECONDS < times[-1] and end + FADE_SECONDS > times[0]:
                outside = np.maximum(start - times, times - end) / FADE_SECONDS
                loudness = np.minimum(loudness, np.clip(outside, 0, 1))
        first += len(block)
        yield block * loudness.astype(np.float32)


def _forget(held: Samples, first: int, start: int) -> tuple[Samples, int]:
    """What of the samples from number `first` on is needed when nothing before `start` is asked for."""
    count = min(max(0, start - first), len(held))
    return held[count:], first + count
