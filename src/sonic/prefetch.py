"""Makes items of a stream ahead of time, in a thread of their own."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

Item = TypeVar("Item")


def prefetch(items: Iterator[Item], depth: int) -> Generator[Item]:
    """The same items, made up to `depth` ahead in another thread."""
    end = object()
    pool = ThreadPoolExecutor(1, thread_name_prefix="sonic-ahead")
    try:
        pending = deque(pool.submit(next, items, end) for _ in range(depth))
        while (item := pending.popleft().result()) is not end:
            pending.append(pool.submit(next, items, end))
            yield cast("Item", item)
    finally:
        pool.shutdown(cancel_futures=True)
