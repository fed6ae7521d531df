"""How much memory a job may take: a limit on the whole process, where the system has one."""

from __future__ import annotations

from pathlib import Path

_SIGNS = (
    "bad alloc",
    "bad_alloc",
    "failed to allocate",
    "cannot allocate memory",
    "insufficient memory",
    "can't start new thread",
)
_STATUS = Path("/proc/self/status")


def limit_memory(megabytes: int) -> bool:
    """Let this process take that much on top of what it has; True if the system enforces it (Linux).

    Address space is limited, not resident memory: an allocation that would go beyond fails at once, before
    the machine begins to swap.
    """
    if megabytes <= 0 or not _STATUS.exists():
        return False
    import resource

    limit = _address_space() + megabytes * 2**20
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    return True


def _address_space() -> int:
    """Bytes of address space that the process has now."""
    line = next(
        line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmSize:")
    )
    return int(line.split()[1]) * 1024


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out.

    Libraries in C++ have no exception of Python's for that, only words: ONNX Runtime says `bad allocation` or
    `Failed to allocate memory`, OpenCV `Insufficient memory`, FFmpeg `Cannot allocate memory`. A thread needs
    room for its stack.
    """
    words = str(error).lower()
    return isinstance(error, MemoryError) or any(sign in words for sign in _SIGNS)
