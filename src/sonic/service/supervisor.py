"""Starts worker processes, replaces those that die, and tidies up."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonic.errors import StorageError
from sonic.hub import find_model
from sonic.service.blobs import BlobStore
from sonic.service.database import Database
from sonic.service.fleet import Fleet, new_name
from sonic.service.janitor import clean
from sonic.service.queue import JobQueue
from sonic.service.scratch import remove_scratch

if TYPE_CHECKING:
    from sonic.service.settings import ServiceSettings

_LOOK_EVERY = 0.5  # seconds
_CLEAN_EVERY = 60.0  # seconds
_LEASES_SILENT = 3  # times the lease after which a worker that says nothing is killed
_START_TIME = 120.0  # seconds that a worker may take until its first sign of life
_SHORT_LIFE = 10.0  # seconds; whoever dies earlier is started again more slowly each time
_LONGEST_PAUSE = 30.0  # seconds
_LAST_WORDS = 5.0  # seconds between the polite and the other way to end a process

logger = logging.getLogger(__name__)


@dataclass
class _Child:
    """A worker process, or the place of one that will be started at `next_start`."""

    name: str = ""
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    seen: bool = False
    next_start: float = 0.0
    short_lives: int = 0


class Supervisor:
    """Keeps `settings.workers` processes running from `start` to `stop`, and does the janitor's rounds.

    The processes are on their own: if the one with the supervisor is killed, they finish their jobs and end.

    Raises:
        ModelNotFoundError: the workers could not start.
        StorageError: database or storage cannot be reached.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        if settings.workers:
            find_model(settings.model)
        self._settings = settings
        self._database = Database(settings.database)
        self._blobs = BlobStore(settings.storage)
        self._queue = JobQueue(self._database, lease=settings.lease, attempts=settings.attempts)
        self._fleet = Fleet(self._database)
        self._children = [_Child() for _ in range(settings.workers)]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sonic-supervisor", daemon=True)
        self._cleaned = -_CLEAN_EVERY

    def start(self) -> None:
        """Start the workers and return at once."""
        self._thread.start()

    def stop(self) -> None:
        """Let the workers finish within `settings.drain` seconds; what they do not finish is put back."""
        self._stopping.set()
        self._thread.join()
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            _close_input(process)
        _wait(running, self._settings.drain)
        for process in running:
            process.terminate()
        _wait(running, _LAST_WORDS)
        for process in running:
            process.kill()
            process.wait()
        try:
            for child in self._children:
                self._queue.release(child.name)
        except StorageError as error:
            logger.warning("jobs of stopped workers go back when their leases are over: %s", error)
        self._database.close()

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that run now."""
        processes = [child.process for child in self._children]
        return [process.pid for process in processes if process is not None and process.poll() is None]

    def _run(self) -> None:
        while True:
            try:
                self._look()
            except (StorageError, OSError) as error:
                logger.warning("the supervisor tries again: %s", error)
            if self._stopping.wait(_LOOK_EVERY):
                return

    def _look(self) -> None:
        silence = _LEASES_SILENT * self._settings.lease
        alive = {report.name for report in self._fleet.list(seen_within=silence)}
        for child in self._children:
            if child.process is None:
                if time.monotonic() >= child.next_start:
                    self._start(child)
            elif (code := child.process.poll()) is not None:
                _close_input(child.process)
                self._mourn(child, code)
            elif child.name in alive:
                child.seen = True
            elif child.seen or time.monotonic() - child.started > _START_TIME:
                logger.error("worker %s is silent and is killed", child.name)
                child.process.kill()
        if time.monotonic() - self._cleaned >= _CLEAN_EVERY:
            self._cleaned = time.monotonic()
            clean(self._database, self._blobs, self._settings)

    def _start(self, child: _Child) -> None:
        child.name, child.started, child.seen = new_name(), time.monotonic(), False
        child.process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "sonic.service.process", child.name],
            stdin=subprocess.PIPE,
            env=os.environ | self._settings.environment(),
        )
        logger.info("worker %s started, process %d", child.name, child.process.pid)

    def _mourn(self, child: _Child, code: int) -> None:
        """A worker has ended: its job goes back at once, and another takes its place."""
        back = self._queue.release(child.name)
        self._fleet.leave(child.name)
        remove_scratch(self._settings, child.name)
        short = time.monotonic() - child.started < _SHORT_LIFE
        child.short_lives = child.short_lives + 1 if short else 0
        pause = min(_LONGEST_PAUSE, 2.0 ** (child.short_lives - 1)) if short else 0.0
        child.process, child.next_start = None, time.monotonic() + pause
        logger.warning("worker %s ended with code %d, %d jobs go back", child.name, code, back)


def _close_input(process: subprocess.Popen[bytes]) -> None:
    """Tell a worker to end after its job, if it still lives."""
    if process.stdin is not None:
        process.stdin.close()


def _wait(processes: list[subprocess.Popen[bytes]], seconds: float) -> None:
    """Wait until all have ended, but not longer than that."""
    deadline = time.monotonic() + seconds
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
