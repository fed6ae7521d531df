"""Names an input by its content: the SHA-256 of a file's bytes, or of samples and pixels in memory."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np

_BLOCK = 1 << 20  # bytes


def digest(content: Any) -> str | None:
    """SHA-256 in hexadecimal digits of a file by its path, of bytes, a file object, an array or a PIL image.

    File objects are read from their start; None for those that cannot go back to it, and for None. Of arrays,
    type and shape count, and the layout in memory does not.
    """
    if content is None:
        return None
    if hasattr(content, "seekable"):
        if not content.seekable():
            return None
        content.seek(0)
        content = content.read()
    if isinstance(content, (str, os.PathLike)):
        return file_digest(Path(content).expanduser())
    if isinstance(content, (bytes, bytearray, memoryview)):
        return hashlib.sha256(content).hexdigest()
    array = np.ascontiguousarray(content)
    return hashlib.sha256(f"{array.dtype} {array.shape}".encode() + array.tobytes()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content, 64 hexadecimal digits."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()
