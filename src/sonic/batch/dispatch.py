"""Hands tasks to workers, one each at a time, and survives the loss of a worker."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from sonic.batch.outcome import Outcome
from sonic.errors import WorkerLostError
from sonic.media.staging import clear_leftovers

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable

    from sonic.batch.tasks import Task

MOST_ATTEMPTS = 2  # a task whose workers died that often is what kills them


class Lost(Exception):  # noqa: N818 - what happened to a worker, caught by the dispatcher
    """A worker died before it gave its outcome; the message says how."""


class Worker(Protocol):
    """Makes one video at a time, somewhere."""

    def give(self, task: Task) -> None:
        """Begin a task and return at once."""

    def take(self) -> Outcome:
        """Wait for the outcome; raises `Lost`, or what makes all further work pointless."""

    def stop(self) -> None:
        """End its work soon, and return at once."""

    def leave(self) -> None:
        """Wait until it is gone; it was stopped before."""


class Crew(Protocol):
    """Where workers come from."""

    size: int

    def hire(self) -> Worker:
        """One more worker."""

    def first(self, workers: Collection[Worker]) -> Worker:
        """Wait until one of these has an outcome or is lost."""


def dispatch(tasks: Iterable[Task], crew: Crew) -> Generator[Outcome]:
    """Outcomes in the order in which they are ready.

    A task whose worker is lost is tried once more by another one. Closing the iterator, or whatever is raised
    on the way, stops all workers; what they were at leaves nothing behind, and neither do lost ones.
    """
    waiting = deque((task, 1) for task in tasks)
    idle: list[Worker] = []
    busy: dict[Worker, tuple[Task, int]] = {}
    try:
        while waiting or busy:
            while waiting and len(busy) < crew.size:
                worker = idle.pop() if idle else crew.hire()
                busy[worker] = waiting.popleft()
                worker.give(busy[worker][0])
            worker = crew.first(busy)
            outcome = _outcome(worker)
            task, attempt = busy.pop(worker)
            if not isinstance(outcome, Lost):
                idle.append(worker)
                yield outcome
                continue
            clear_leftovers(task.target.parent)
            if attempt < MOST_ATTEMPTS:
                waiting.appendleft((task, attempt + 1))
            else:
                yield Outcome.failed(task.item, _lost(outcome), task=task)
    finally:
        _end([*idle, *busy])


def _outcome(worker: Worker) -> Outcome | Lost:
    try:
        return worker.take()
    except Lost as error:
        return error


def _end(workers: Collection[Worker]) -> None:
    for worker in workers:
        worker.stop()
    for worker in workers:
        worker.leave()


def _lost(error: Lost) -> WorkerLostError:
    return WorkerLostError(
        f"The worker died {MOST_ATTEMPTS} times over this item ({error}): "
        "check its files, or give it more memory."
    )
