"""How much memory a job may take: a limit on the whole process, where the system has one."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNS = (
    "bad alloc",
    "bad_alloc",
    "failed to allocate",
    "cannot allocate memory",
    "insufficient memory",
    "can't start new thread",
    "resource temporarily unavailable",
    "failed to map segment",
)
_STATUS = Path("/proc/self/status")


@contextmanager
def limited_memory(megabytes: int) -> Iterator[None]:
    """In this block the process may take so much on top of what it has; 0 for any, enforced on Linux only.

    Address space is limited, not resident memory: an allocation that would go beyond fails at once, before
    the machine begins to swap. The limit is every thread's, and not all that runs beside a job can bear one:
    obstore waits for ever for a thread that it cannot start, and Ray aborts. So keep the block short.
    """
    if megabytes <= 0 or not _STATUS.exists():
        yield
        return
    import resource

    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = _address_space() + megabytes * 2**20
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, hard))


def _address_space() -> int:
    """Bytes of address space that the process has now."""
    line = next(
        line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmSize:")
    )
    return int(line.split()[1]) * 1024


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, or comes from one that does.

    Libraries in C++ have no exception of Python's for that, only words: ONNX Runtime says `bad allocation` or
    `Failed to allocate memory`, OpenCV `Insufficient memory`, FFmpeg `Cannot allocate memory`. A thread needs
    room for its stack (`Resource temporarily unavailable`), a library that is loaded late for its code.
    """
    words = str(error).lower()
    if isinstance(error, MemoryError) or any(sign in words for sign in _SIGNS):
        return True
    return error.__cause__ is not None and is_out_of_memory(error.__cause__)
