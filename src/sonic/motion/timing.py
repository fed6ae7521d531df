"""Lip-sync refinement: the lag left between made and heard lips, taken out as the motion streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.motion.resample import interpolate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sonic.motion.head import Array
    from sonic.motion.space import MotionSpace

_SEARCH = 4  # frames of lag looked at
_LARGEST = 1.5  # frames, 0.06 s: 0.05 s of a recording, and what the model is off by itself
_UNNOTICED, _SURE = 0.1, 0.3  # frames; moving lips by less would only soften them, by more is worth it
_MEMORY = 750  # frames after which older evidence counts less
_CAUTION = 25  # frames of evidence after which a lag is mostly believed
_MARGIN = 2  # frames kept on either side so that a shift has something to read


class LipTiming:
    """Follows the lag between lip opening made and heard, and moves the mouth by it.

    The mouth moves by fractions of a frame, by 0.06 s at most, and drifts to a new lag over a block.
    """

    def __init__(self, space: MotionSpace) -> None:
        self._space = space
        self._products = np.zeros(2 * _SEARCH + 1)
        self._evidence = 0.0
        self._lag = 0.0

    def correct(self, blocks: Iterable[tuple[Array, Array]]) -> Iterator[Array]:
        """Motion [n, dim] with the mouth in time, from motion and the lip opening heard with it."""
        held: Array | None = None
        past = 0
        for block, sound in blocks:
            start = self._lag
            self._listen(self._space.opening(block), sound)
            held = block if held is None else np.concatenate([held, block])
            ready = len(held) - _MARGIN
            if ready > past:
                yield self._moved(held, past, ready, start)
                kept = max(0, ready - _MARGIN)
                held, past = held[kept:], ready - kept
        if held is not None and len(held) > past:
            yield self._moved(held, past, len(held), self._lag)

    def _listen(self, made: Array, heard: Array) -> None:
        """Take in one block's evidence."""
        made, heard = made - made.mean(), heard - heard.mean()
        size = len(made)
        if size <= 2 * _SEARCH:
            return
        middle = heard[_SEARCH : size - _SEARCH]
        fade = _MEMORY / (_MEMORY + size)
        fresh = [float(made[k : k + len(middle)] @ middle) for k in range(2 * _SEARCH + 1)]
        self._products = fade * self._products + fresh
        self._evidence = fade * self._evidence + size
        trust = 1 - np.exp(-self._evidence / _CAUTION)
        lag = peak_of(self._products) * trust
        worth = np.clip((abs(lag) - _UNNOTICED) / (_SURE - _UNNOTICED), 0, 1)
        self._lag = float(np.clip(lag * worth, -_LARGEST, _LARGEST))

    def _moved(self, held: Array, first: int, end: int, start_lag: float) -> Array:
        lag = np.linspace(start_lag, self._lag, end - first)
        moved = held[first:end].copy()
        mouth = self._space.groups["mouth"]
        moved[:, mouth] = interpolate(held[:, mouth], np.arange(first, end) + lag)
        return moved


def peak_of(products: Array) -> float:
    """Lag in frames at the maximum of products over -n..n, between frames by a parabola; 0 if unclear."""
    best = int(np.argmax(products))
    if products[best] <= 0 or not 0 < best < len(products) - 1:
        return 0.0
    before, here, after = products[best - 1 : best + 2]
    bend = before - 2 * here + after
    return best - len(products) // 2 + 0.5 * float((before - after) / bend)
