"""Where input comes from: a path, bytes or a file object, and how to name it in a message."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from typing_extensions import TypeIs

FileInput: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]"


def describe(source: object) -> str:
    """A short name of `source` for messages: the file's path, or what kind of thing it is."""
    if isinstance(source, (str, os.PathLike)):
        return f"'{os.fspath(source)}'"
    name = getattr(source, "name", None)
    if isinstance(name, str):
        return f"'{name}'"
    return f"the given {type(source).__name__}"


def named_file(source: object) -> Path | None:
    """The file on the disk that `source` is or reads, None for anything else."""
    name = source if isinstance(source, (str, os.PathLike)) else getattr(source, "name", None)
    if not isinstance(name, (str, os.PathLike)):
        return None
    path = Path(name).expanduser()
    return path.absolute() if os.path.isfile(path) else None  # noqa: PTH113 - see _existing


def ffmpeg_name(path: Path) -> str:
    """`path` as FFmpeg takes it: absolute, because it would take `12:30.wav` for an address."""
    return str(path.absolute())


def is_file_input(source: object) -> TypeIs[FileInput]:
    """Whether `source` is a path, bytes or a readable object."""
    return isinstance(source, (str, os.PathLike, bytes, bytearray, memoryview)) or hasattr(source, "read")


def locate(source: FileInput, error: type[Exception], noun: str) -> Path | bytes:
    """The file that `source` names, or its content as bytes; raises `error` if there is nothing to read."""
    if isinstance(source, (str, os.PathLike)):
        return _existing(Path(source).expanduser(), error, noun)
    content = bytes(source) if isinstance(source, (bytes, bytearray, memoryview)) else source.read()
    if not isinstance(content, bytes):
        raise error(f"The {noun} {describe(source)} gives text: open the file in binary mode ('rb').")
    if not content:
        raise error(f"The {noun} {describe(source)} is empty (0 bytes): check where it comes from.")
    return content


def _existing(path: Path, error: type[Exception], noun: str) -> Path:
    if not os.path.exists(path):  # noqa: PTH110 - Path.exists raises for names that are too long
        raise error(f"The {noun} '{path}' does not exist: check the path.")
    if not path.is_file():
        raise error(f"The {noun} '{path}' is not a file: give the path of a file.")
    if path.stat().st_size == 0:
        raise error(f"The {noun} '{path}' is empty (0 bytes): check where it comes from.")
    if not os.access(path, os.R_OK):
        raise error(f"The {noun} '{path}' cannot be read: check its permissions.")
    return path
