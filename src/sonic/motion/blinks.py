"""Blinks at a chosen rate: when lids fall, and how they come down and go up again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sonic.motion.head import Array

# Closure of a lid, frame by frame at 25 Hz: down in a tenth of a second, up in twice that.
_SHAPE = np.array([0.45, 0.95, 1.0, 0.8, 0.5, 0.25, 0.08], np.float32)
_FRAMES_A_MINUTE = 25 * 60
_UNEVENNESS = 0.5  # spread of the logarithm of the pauses between blinks
_SHORTEST = 2 * len(_SHAPE)  # frames between the starts of two blinks


class Blinks:
    """A stream of blinks; the same rate and seed give the same ones however the frames are asked for.

    Pauses between blinks are log-normal, as people's are.

    Args:
        rate: blinks a minute on average, above 0.
        seed: start of the random numbers.
    """

    def __init__(self, rate: float, seed: int) -> None:
        self._random = np.random.default_rng([seed, 0xB11])
        self._mean = max(_FRAMES_A_MINUTE / rate, _SHORTEST)
        self._position = 0
        self._starts = [round(self._pause() * float(self._random.random()))]

    def closure(self, count: int) -> Array:
        """Closure of both lids in the next `count` frames, 0 open to 1 shut, [count]."""
        end = self._position + count
        while self._starts[-1] < end:
            self._starts.append(self._starts[-1] + round(self._pause()))
        closure = np.zeros(count, np.float32)
        for start in self._starts:
            for step, value in enumerate(_SHAPE):
                frame = start + step - self._position
                if 0 <= frame < count:
                    closure[frame] = max(closure[frame], value)
        self._position = end
        self._starts = [start for start in self._starts if start + len(_SHAPE) > end]
        return closure

    def _pause(self) -> float:
        centre = np.log(self._mean) - _UNEVENNESS**2 / 2  # so that the mean is the wished one
        return max(_SHORTEST, float(self._random.lognormal(centre, _UNEVENNESS)))
