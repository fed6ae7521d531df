"""Runs one function over many items: here, in several processes, or on a Ray cluster."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any, TypeVar

from sonic.cluster import join_cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

Item = TypeVar("Item")
Result = TypeVar("Result")

_SUBMITTED = 4  # tasks on the way to a Ray cluster for each of its cores


def run_all(
    task: Callable[[Item], Result], items: Sequence[Item], *, workers: int = 1, ray: bool = False
) -> Iterator[Result]:
    """Results in the order in which they are ready; a task that raises ends everything.

    Args:
        task: a function that can be pickled. It writes its files itself and skips what is there.
        items: what it is called with.
        workers: processes on this machine; one means none besides this.
        ray: run on the Ray cluster that is reachable, or else on a local one. All its machines must see the
            same files under the same names.

    Raises:
        DependencyError: Ray is asked for and not installed.
    """
    if ray:
        return _on_ray(join_cluster(), task, items)
    if workers > 1 and len(items) > 1:
        return _in_processes(task, items, workers)
    return map(task, items)


def _in_processes(task: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    # Forked processes would inherit locks of the networks' threads, so each starts afresh.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        try:
            for future in as_completed([pool.submit(task, item) for item in items]):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _on_ray(ray: ModuleType, task: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    remote = ray.remote(_call)
    most = max(1, int(_SUBMITTED * ray.cluster_resources().get("CPU", 1)))
    waiting: list[Any] = []
    for item in items:
        waiting.append(remote.remote(task, item))
        if len(waiting) >= most:
            ready, waiting = ray.wait(waiting)
            yield from ray.get(ready)
    yield from (ray.get(reference) for reference in waiting)


def _call(task: Callable[[Item], Result], item: Item) -> Result:
    return task(item)
