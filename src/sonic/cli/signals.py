"""What Ctrl-C, a closed terminal and being told to end do to a command."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

STOPPED = 130  # the exit code of commands that Ctrl-C ends
_ENDING = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP


@contextmanager
def stopping_at_once() -> Iterator[None]:
    """Ctrl-C ends the process on the spot: for imports, which hold nothing that needs to be cleaned up.

    Raised inside of an import, KeyboardInterrupt would come out as an ImportError of some library.
    """
    previous = signal.signal(signal.SIGINT, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def terminable() -> Iterator[None]:
    """Being told to end, or losing the terminal, cleans up like being interrupted does, and nothing twice."""
    handlers = {getattr(signal, name): _exit for name in _ENDING if hasattr(signal, name)}
    handlers[signal.SIGINT] = _interrupt
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            if signal.getsignal(number) is not signal.SIG_IGN:  # else it was heard, and last words come
                signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of handlers
    os.write(2, b"\nerror: stopped\n")
    os._exit(STOPPED)


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of handlers
    signal.signal(number, signal.SIG_IGN)  # an impatient second Ctrl-C must not break off the cleaning up
    raise KeyboardInterrupt


def _exit(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of handlers
    sys.exit(128 + number)
