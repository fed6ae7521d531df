"""Tremor taken out of motion, each group by as much as it can bear; closing lips and blinks stay sharp."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.motion.easing import ramp
from sonic.motion.stream import with_neighbours

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sonic.motion.head import Array
    from sonic.motion.space import MotionSpace

ZERO_PHASE, EMA = "zero-phase", "ema"
FILTERS = (ZERO_PHASE, EMA)

_SPREAD = {"mouth": 0.5, "brows": 1.2, "lids": 0.8, "gaze": 0.4, "head": 1.6}  # frames
# Share of a new frame in the running average; it lags (1 - share) / share frames behind.
_SHARE = {"mouth": 0.75, "brows": 0.45, "lids": 0.6, "gaze": 0.8, "head": 0.4}
_CLOSED = 0.04  # IOD; openings below this are on their way to a closure and stay unsmoothed
_SNAP_FROM, _SNAP_TO = 0.2, 0.5  # closure beyond which lids are left as they snap
_REACH = 6  # frames that the zero-phase filter sees on either side


def smoothed(blocks: Iterable[Array], kind: str, space: MotionSpace) -> Iterator[Array]:
    """Blocks [n, dim or more] of a stream without tremor, by one of `FILTERS`.

    "zero-phase" averages the frames before and after with Gaussian weights: nothing comes later than it was.
    "ema" is the exponential moving average of what came before; it trails.
    """
    if kind == EMA:
        average = RunningAverage(space)
        return (average.over(block) for block in blocks)
    return with_neighbours(blocks, _REACH, lambda block: smooth(block, space))


def smooth(motion: Array, space: MotionSpace) -> Array:
    """Motion vectors [T, dim] through the zero-phase filter."""
    calm = motion.copy()
    for name, spread in _SPREAD.items():
        group = space.groups[name]
        calm[:, group] = blur(motion[:, group], spread)
    return sharp(motion, calm, space)


class RunningAverage:
    """The exponential moving average y[t] = y[t - 1] + share (x[t] - y[t - 1]), which starts with x[0]."""

    def __init__(self, space: MotionSpace) -> None:
        self._space = space
        self._last: Array | None = None

    def over(self, motion: Array) -> Array:
        """The next motion vectors [n, dim] of the stream, averaged."""
        share = np.ones(motion.shape[1], np.float32)
        for name, value in _SHARE.items():
            share[self._space.groups[name]] = value
        calm = np.empty_like(motion)
        last = motion[0] if self._last is None else self._last
        for row, frame in zip(calm, motion, strict=True):
            last = last + share * (frame - last)
            row[:] = last
        self._last = last
        return sharp(motion, calm, self._space)


def sharp(motion: Array, calm: Array, space: MotionSpace) -> Array:
    """`calm` [T, dim], but as sharp as `motion` where lips close and lids blink."""
    opening = np.minimum(space.opening(motion), space.opening(calm))
    kept = calm.copy()
    _keep(motion, kept, space.groups["mouth"], 1 - ramp(opening, 0.25 * _CLOSED, 2 * _CLOSED))
    lids = space.groups["lids"]
    closure = np.maximum(motion[:, lids], calm[:, lids]).max(1)
    _keep(motion, kept, lids, ramp(closure, _SNAP_FROM, _SNAP_TO))
    return kept


def _keep(motion: Array, calm: Array, group: slice, share: Array) -> None:
    """Put a share [T] of the original back into one group, in place."""
    calm[:, group] += share[:, None] * (motion[:, group] - calm[:, group])


def blur(values: Array, spread: float) -> Array:
    """Gaussian average over time of values [T, N], zero phase, held at the ends."""
    steps = np.arange(-_REACH, _REACH + 1)
    kernel = np.exp(-0.5 * (steps / spread) ** 2)
    kernel = (kernel / kernel.sum()).astype(np.float32)
    padded = np.pad(values, ((_REACH, _REACH), (0, 0)), mode="edge")
    blurred: Array = np.einsum(
        "tnk,k->tn", np.lib.stride_tricks.sliding_window_view(padded, len(kernel), axis=0), kernel
    )
    return blurred
