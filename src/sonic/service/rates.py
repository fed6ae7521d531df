"""Rate limits: how many requests a caller may make in a minute."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonic.errors import RateLimitError

if TYPE_CHECKING:
    from collections.abc import Callable

_BURST = 10.0  # seconds' worth of requests that may come at once
_MOST = 10_000  # callers that are remembered


@dataclass(frozen=True)
class _Bucket:
    """Requests that are still free, and when that was counted."""

    free: float
    at: float


class RateLimiter:
    """Token buckets by caller, in memory: each server process counts for itself and forgets at its end.

    Args:
        clock: seconds that only ever grow, for tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def spend(self, caller: str, per_minute: float) -> None:
        """Count a request of `caller`.

        Raises:
            RateLimitError: it came too soon; `retry_after` says how many seconds to wait.
        """
        size = max(1.0, per_minute * _BURST / 60)
        with self._lock:
            now = self._clock()
            known = self._buckets.pop(caller, _Bucket(size, now))
            free = min(size, known.free + (now - known.at) * per_minute / 60)
            allowed = free >= 1
            self._buckets[caller] = _Bucket(free - 1 if allowed else free, now)
            if len(self._buckets) > _MOST:
                self._buckets.pop(next(iter(self._buckets)))  # whoever was quiet for longest
        if not allowed:
            raise RateLimitError(
                f"This key may make {per_minute:g} requests a minute: slow down.",
                float(math.ceil((1 - free) * 60 / per_minute)),
            )
