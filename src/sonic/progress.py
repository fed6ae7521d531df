"""How far the work is, told to whoever wants to know."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

STAGES = ("audio", "portrait", "video", "motion", "frames", "finish")


@dataclass(frozen=True)
class Progress:
    """One report: `done` of `total` units of `stage`, `elapsed` seconds after the stage began.

    The stages come in the order of `STAGES`; the units of "audio" are seconds, those of "video", which only
    comes where one is watched, and of "frames" are frames, those of the others are steps.
    """

    stage: str
    done: int
    total: int
    elapsed: float

    @property
    def rate(self) -> float:
        """Units a second, 0 at the start."""
        return self.done / self.elapsed if self.elapsed > 0 else 0.0

    @property
    def eta(self) -> float | None:
        """Seconds that the rest of the stage will take at this rate, None before it is known."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None


OnProgress: TypeAlias = Callable[[Progress], None]


class Reporter:
    """Times the stages and passes reports on; does nothing without a listener.

    Whatever the listener raises goes through to the caller: that is how work is cancelled.
    """

    def __init__(self, listener: OnProgress | None) -> None:
        self._listener = listener
        self._stage = ""
        self._total = 0
        self._started = 0.0

    def begin(self, stage: str, total: int = 1) -> None:
        """Start a stage of `total` units."""
        self._stage, self._total, self._started = stage, total, time.perf_counter()
        self.step(0)

    def step(self, done: int) -> None:
        """Report that `done` units of the stage are complete."""
        if self._listener is not None:
            elapsed = time.perf_counter() - self._started
            self._listener(Progress(self._stage, done, self._total, elapsed))

    def end(self) -> float:
        """Report the whole stage as complete and return the seconds it took."""
        self.step(self._total)
        return time.perf_counter() - self._started
