"""Workers of a batch that are processes on this machine."""

from __future__ import annotations

import multiprocessing
import signal
from contextlib import contextmanager, suppress
from multiprocessing import connection, resource_tracker
from typing import TYPE_CHECKING, cast

from sonic.batch.dispatch import Lost
from sonic.batch.maker import HOPELESS, Equipment, Maker
from sonic.errors import Cancelled, SonicError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from multiprocessing.connection import Connection

    from sonic.batch.dispatch import Worker
    from sonic.batch.outcome import Outcome
    from sonic.batch.tasks import Task

_OF_THE_TERMINAL = ("SIGINT", "SIGHUP")  # go to all processes of a terminal; Windows has no SIGHUP


class ProcessCrew:
    """Hires up to `size` processes, each with a model of its own."""

    def __init__(self, equipment: Equipment, size: int) -> None:
        self.size = size
        self._equipment = equipment

    def hire(self) -> ProcessWorker:
        """Start one more process."""
        return ProcessWorker(self._equipment)

    def first(self, workers: Collection[Worker]) -> Worker:
        """The first of `workers` that has something to say, or whose process is gone."""
        channels = {cast("ProcessWorker", worker).channel: worker for worker in workers}
        return channels[cast("Connection", connection.wait(list(channels))[0])]


class ProcessWorker:
    """A process that gets tasks through a pipe and ends when the pipe does, also by the death of this one."""

    def __init__(self, equipment: Equipment) -> None:
        # Forked processes would inherit locks of the networks' threads, so each starts afresh.
        context = multiprocessing.get_context("spawn")
        self.channel, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(equipment, theirs), name="sonic-batch")
        with _unheard():
            self._process.start()
        theirs.close()  # or the end of the process would not be the end of the pipe

    def give(self, task: Task) -> None:
        """Send a task; a process that is gone shows in `take`."""
        with suppress(ConnectionError):
            self.channel.send(task)

    def take(self) -> Outcome:
        """What came of the task."""
        try:
            answer = self.channel.recv()
        except (EOFError, ConnectionError) as error:
            self._process.join()
            raise Lost(_ending(self._process.exitcode)) from error
        if isinstance(answer, SonicError):
            raise answer
        return cast("Outcome", answer)

    def stop(self) -> None:
        """Close the pipe."""
        self.channel.close()

    def leave(self) -> None:
        """Wait for the end of the process."""
        self._process.join()


def _work(equipment: Equipment, channel: Connection) -> None:
    """The life of a worker: whatever can be read while it works says that it should stop."""
    _stop_listening()
    maker = Maker(equipment, channel.poll)
    with suppress(EOFError, ConnectionError, Cancelled):
        while True:
            channel.send(answer(maker, channel.recv()))


def answer(maker: Maker, task: Task) -> Outcome | SonicError:
    """The outcome of a task, or the error that makes all further work pointless, as a value."""
    try:
        return maker.make(task)
    except HOPELESS as error:
        return error


@contextmanager
def _unheard() -> Iterator[None]:
    """Processes that start inside do not hear Ctrl-C, not even while they import: this one tells them."""
    resource_tracker.ensure_running()  # it would unblock the signals when the first process starts
    previous = _stop_listening()
    try:
        yield
    finally:
        if previous is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, previous)


def _stop_listening() -> set[int] | None:
    """Block the terminal's signals; returns those that were blocked before, None where that cannot be."""
    if not hasattr(signal, "pthread_sigmask"):
        return None
    ours = {getattr(signal, name) for name in _OF_THE_TERMINAL if hasattr(signal, name)}
    return signal.pthread_sigmask(signal.SIG_BLOCK, ours)


def _ending(exitcode: int | None) -> str:
    if exitcode is None or exitcode >= 0:
        return f"exit code {exitcode}"
    return f"signal {signal.Signals(-exitcode).name}"
