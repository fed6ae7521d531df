"""Files by the SHA-256 of their content, in a folder or an S3-compatible bucket."""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import AzureStore, GCSStore, LocalStore, S3Store, from_url

from sonic.errors import FileGoneError, StorageError
from sonic.media.digest import file_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20  # bytes read at a time
_SIGNING = (S3Store, GCSStore, AzureStore)


@dataclass(frozen=True)
class Blob:
    """A stored file: its key (SHA-256 in hexadecimal) and its size in bytes."""

    key: str
    size: int


class BlobStore:
    """Stores whole files under the digest of their content; what is there never changes.

    Args:
        url: `file:///FOLDER`, `s3://BUCKET/PREFIX`, or another address that obstore knows.

    Raises:
        StorageError: from any method, where the storage cannot be reached.
        FileGoneError: the storage lacks the blob.
    """

    def __init__(self, url: str) -> None:
        with _translated():
            local = url.startswith("file:")
            self._store = LocalStore.from_url(url, mkdir=True) if local else from_url(url)

    def put(self, source: bytes | Path) -> Blob:
        """Store bytes or a file; the same content is stored once. It is there as a whole or not at all."""
        if isinstance(source, Path):
            blob = Blob(file_digest(source), source.stat().st_size)
        else:
            blob = Blob(hashlib.sha256(source).hexdigest(), len(source))
        with _translated():
            obstore.put(self._store, _path(blob.key), source)
        return blob

    def size(self, key: str) -> int:
        """Bytes of a blob."""
        with _translated():
            return int(obstore.head(self._store, _path(key))["size"])

    def exists(self, key: str) -> bool:
        """Whether the blob is there."""
        try:
            self.size(key)
        except FileGoneError:
            return False
        return True

    def read(self, key: str) -> bytes:
        """The whole content."""
        with _translated():
            return bytes(obstore.get(self._store, _path(key)).bytes())

    def stream(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to but without `end` (the rest if not given), in pieces of a megabyte."""
        end = self.size(key) if end is None else end
        for at in range(start, end, _CHUNK):
            with _translated():
                yield bytes(obstore.get_range(self._store, _path(key), start=at, end=min(at + _CHUNK, end)))

    def save(self, key: str, path: Path) -> Path:
        """Copy a blob to a new file at `path`; returns `path`."""
        with path.open("xb") as file:
            for piece in self.stream(key):
                file.write(piece)
        return path

    def url(self, key: str, *, seconds: float = 300.0) -> str | None:
        """An address from which anybody can fetch the blob for a while; None for a folder, which has none."""
        if not isinstance(self._store, _SIGNING):
            return None
        with _translated():
            return str(obstore.sign(self._store, "GET", _path(key), timedelta(seconds=seconds)))

    def delete(self, key: str) -> None:
        """Remove a blob; one that is not there is no mistake."""
        try:
            with _translated():
                obstore.delete(self._store, _path(key))
        except FileGoneError:
            return

    def check(self) -> None:
        """Raise if the storage cannot be reached."""
        self.exists("0" * 64)


def _path(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise StorageError(f"'{key}' is not the key of a file: keys are 64 hexadecimal digits.")
    return f"{key[:2]}/{key}"


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise FileGoneError("The storage does not have this file: it may have expired.") from error
    except (BaseError, OSError, ValueError) as error:
        raise StorageError(f"The file storage cannot be used ({error}): check storage_url.") from error
