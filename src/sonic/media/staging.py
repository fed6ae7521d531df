"""Private folders for files that are not complete yet, and the removal of those whose owner was killed."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import shutil
import time
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"\.sonic-([0-9a-f]{8}-)?[0-9a-f]{8}")  # made on which machine, and a random part
_ABANDONED = 24 * 3600.0  # seconds without a write; whoever draws writes every few seconds
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@contextmanager
def private_folder(parent: Path) -> Iterator[Path]:
    """A hidden empty folder inside `parent`, on its disk; it goes at the end with all that is in it.

    It is locked for as long as it is there. Such a lock ends with the process that holds it, whatever ends
    that, and so tells `clear_leftovers` what nobody will ever finish.
    """
    token = secrets.token_hex(4)
    folder, unlocked = parent / f"{_of_this_machine()}{token}", parent / f".sonic-{token}"
    lock = None
    try:
        unlocked.mkdir()
        lock = _lock(unlocked)
        unlocked.rename(folder)  # only now, or it would be taken for a leftover
        yield folder
    finally:
        for path in (unlocked, folder):
            shutil.rmtree(path, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def clear_leftovers(parent: Path) -> None:
    """Remove the private folders in `parent` that killed processes have left.

    Those of this machine go at once. A lock says nothing of other machines that share the disk, or of an
    earlier start of this one: what comes from them goes when nothing was written to it for a day.
    """
    for folder in [path for path in parent.glob(".sonic-*") if _NAME.fullmatch(path.name)]:
        if not folder.name.startswith(_of_this_machine()):
            _clear_if_silent(folder)
        elif (lock := _lock(folder)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _lock(folder: Path) -> int | None:
    """A descriptor that holds the lock; None where somebody else does, or folders cannot be locked."""
    if os.name != "posix":
        return None
    import fcntl

    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _clear_if_silent(folder: Path) -> None:
    with suppress(FileNotFoundError):  # it was finished in the meantime
        latest = max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
        if time.time() - latest > _ABANDONED:
            shutil.rmtree(folder, ignore_errors=True)


@lru_cache(maxsize=1)
def _of_this_machine() -> str:
    """How the names of folders begin whose locks can be asked: made on this machine since it started.

    Its containers have that in common, as they have the locks. Windows, which cannot lock folders, is another
    machine to itself.
    """
    if os.name != "posix":
        return f".sonic-{secrets.token_hex(4)}-"
    machine = _BOOT.read_text(encoding="ascii") if _BOOT.exists() else platform.node()
    return f".sonic-{hashlib.sha256(machine.encode()).hexdigest()[:8]}-"
