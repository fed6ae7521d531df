"""Runs decoders in a child process with limits on memory and time, so that no file takes the server down."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from sonic.errors import ServiceError, SonicError
from sonic.service.logs import show_log

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)


class Sandbox:
    """One child process that is started when it is needed and replaced when a task breaks it.

    Tasks run one after the other; a call waits for its turn, at most `patience` seconds.

    Args:
        memory: bytes of address space that the child may take; not enforced on Windows.
        seconds: that one task may take.
        patience: seconds that a call waits for its turn.
        tasks_per_child: after so many a fresh child takes over, so that nothing piles up.
    """

    def __init__(
        self, *, memory: int, seconds: float, patience: float = 30.0, tasks_per_child: int = 200
    ) -> None:
        self._memory = memory
        self._seconds = seconds
        self._patience = patience
        self._tasks_per_child = tasks_per_child
        self._turn = threading.Lock()
        self._child: _Child | None = None

    def run(self, task: Callable[..., Answer], *arguments: Any) -> Answer:
        """`task(*arguments)` in the child; task, arguments and answer must be picklable.

        Raises:
            SonicError: what the task raises.
            ServiceError: `decoder_limit` when the task broke a limit or the child, `busy` when its turn
                did not come.
        """
        if not self._turn.acquire(timeout=self._patience):
            raise ServiceError(
                f"The decoder was busy for {self._patience:g} s: try again in a moment.",
                code="busy",
                retry_after=self._patience,
            )
        try:
            return self._ask(task, arguments)
        finally:
            self._turn.release()

    def close(self) -> None:
        """End the child."""
        with self._turn:
            self._drop()

    def _ask(self, task: Callable[..., Answer], arguments: tuple[Any, ...]) -> Answer:
        child = self._child
        if child is None or child.tasks >= self._tasks_per_child or not child.alive:
            self._drop()
            child = self._child = _Child(self._memory)
        answer = child.ask(task, arguments, self._seconds)
        if answer is None:
            self._drop()
            raise ServiceError(
                f"Decoding this file takes more than {self._seconds:g} s or "
                f"{self._memory / 2**20:.0f} MB of memory: save it in another format or make it smaller.",
                code="decoder_limit",
            )
        failure, value = answer
        if failure is not None:
            raise failure
        result: Answer = value
        return result

    def _drop(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


class _Child:
    """The process and the pipe to it."""

    def __init__(self, memory: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, memory), name="sonic-decoder", daemon=True
        )
        self._process.start()
        theirs.close()
        self._ready = False
        self.tasks = 0

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    def ask(
        self, task: Callable[..., Any], arguments: tuple[Any, ...], seconds: float
    ) -> tuple[Exception | None, Any] | None:
        """The failure and the value of the task, or None when it broke a limit."""
        self.tasks += 1
        try:
            if not self._ready:
                self._pipe.recv()  # starting up is no fault of the file
                self._ready = True
            self._pipe.send((task, arguments))
            answer: tuple[Exception | None, Any] | None = None
            if self._pipe.poll(seconds):
                answer = self._pipe.recv()
        except (EOFError, OSError):
            return None
        return answer

    def end(self) -> None:
        self._pipe.close()
        self._process.kill()
        self._process.join()
        self._process.close()


def _serve(pipe: Connection, memory: int) -> None:
    """What the child does: answer tasks until the pipe closes."""
    show_log()
    _limit_memory(memory)
    _stop_with_parent()
    pipe.send("ready")
    while True:
        try:
            task, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(_answer(task, arguments))


def _answer(task: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Exception | None, Any] | None:
    try:
        return None, task(*arguments)
    except SonicError as error:
        return error, None
    except MemoryError:
        return None
    except Exception as error:  # noqa: BLE001 - the edge of the process
        _log.exception("a file could not be decoded")
        return ServiceError(
            f"This file cannot be decoded ({type(error).__name__}): save it again with another program.",
            code="decoder_failed",
        ), None


def _limit_memory(memory: int) -> None:
    if os.name == "posix":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        allowed = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
        resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))


def _stop_with_parent() -> None:
    """Ctrl-C in a terminal reaches the child as well; ending it is the parent's business."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
