"""Lip-sync refinement: the lag left between made and heard lips, taken out as the motion streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.motion.resample import interpolate
from sonic.motion.sync import WINDOW, lip_geometry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sonic.motion.head import Array
    from sonic.motion.space import MotionSpace
    from sonic.motion.sync import SyncTowers

_SEARCH = 4  # frames of lag looked at
_LARGEST = 1.25  # frames: 0.05 s
_UNNOTICED, _SURE = 0.1, 0.3  # frames; moving lips by less would only soften them, by more is worth it
_MEMORY = 750  # frames after which older evidence counts less
_CAUTION = 25  # frames of evidence after which a lag is mostly believed
_MARGIN = 2  # frames kept on either side so that a shift has something to read


class LipTiming:
    """Follows the lag between lips made and sound heard, and moves the mouth by it.

    The sync network's towers see the one and hear the other in windows of five frames. The lag is where the
    mean cosine of windows that far apart is largest, between frames by a parabola. The mouth moves by
    fractions of a frame, by 0.05 s at most, and drifts to a new lag over a block.
    """

    def __init__(self, space: MotionSpace, towers: SyncTowers) -> None:
        self._space, self._towers = space, towers
        self._rest, self._basis = lip_geometry(space)
        self._cosines = np.zeros(2 * _SEARCH + 1)
        self._evidence = 0.0
        self._lag: float | None = None

    def correct(self, blocks: Iterable[tuple[Array, Array]]) -> Iterator[Array]:
        """Motion [n, dim or more] with the mouth in time, from motion and its speech features [2 n, F]."""
        held: Array | None = None
        past = 0
        for block, speech in blocks:
            before = self._lag
            self._lag = self._listen(block, speech)
            start = self._lag if before is None else before
            held = block if held is None else np.concatenate([held, block])
            ready = len(held) - _MARGIN
            if ready > past:
                yield self._moved(held, past, ready, start)
                kept = max(0, ready - _MARGIN)
                held, past = held[kept:], ready - kept
        if held is not None and len(held) > past:
            yield self._moved(held, past, len(held), self._lag or 0.0)

    def _listen(self, motion: Array, speech: Array) -> float:
        """Take in one block's evidence; frames by which the sound follows the lips."""
        windows = len(motion) - WINDOW + 1 - 2 * _SEARCH
        if windows > 0:
            fade = _MEMORY / (_MEMORY + windows)
            self._cosines = fade * self._cosines + self._agreement(motion, speech)
            self._evidence = fade * self._evidence + windows
        trust = 1 - np.exp(-self._evidence / _CAUTION)
        lag = peak_of(self._cosines) * trust
        worth = np.clip((abs(lag) - _UNNOTICED) / (_SURE - _UNNOTICED), 0, 1)
        return float(np.clip(lag * worth, -_LARGEST, _LARGEST))

    def _agreement(self, motion: Array, speech: Array) -> Array:
        """Sums of cosines of the windows heard with those seen -4..4 frames away, [9]."""
        mouth = motion[:, self._space.groups["mouth"]]
        seen = self._towers.seen(self._rest + np.tensordot(mouth, self._basis, 1))
        heard = self._towers.heard(speech)[_SEARCH:-_SEARCH]
        count = len(heard)
        cosines: Array = np.array(
            [np.vdot(seen[place : place + count], heard) for place in range(2 * _SEARCH + 1)]
        )
        return cosines

    def _moved(self, held: Array, first: int, end: int, start_lag: float) -> Array:
        lag = np.linspace(start_lag, self._lag or 0.0, end - first)
        moved = held[first:end].copy()
        mouth = self._space.groups["mouth"]
        moved[:, mouth] = interpolate(held[:, mouth], np.arange(first, end) + lag)
        return moved


def peak_of(values: Array) -> float:
    """Place of the maximum of values over -n..n, between them by a parabola; 0 if unclear."""
    best = int(np.argmax(values))
    if values[best] <= 0 or not 0 < best < len(values) - 1:
        return 0.0
    before, here, after = values[best - 1 : best + 2]
    bend = before - 2 * here + after
    return best - len(values) // 2 + (0.5 * float((before - after) / bend) if bend < 0 else 0.0)
