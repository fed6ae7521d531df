"""Keeps `results.jsonl`: one whole line for each video that was made or failed."""

from __future__ import annotations

import json
import os
from typing import IO, TYPE_CHECKING, Any

from sonic.batch.outcome import SUCCEEDED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from sonic.batch.outcome import Outcome
    from sonic.batch.tasks import Task


class Results:
    """A file of outcomes that grows by whole lines; each is on the disk before the next video is begun.

    Args:
        path: the file; it is made where it is missing. Shards write to files of their own in one folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made = {line["output"]: line for line in _lines(path.parent) if line["status"] == SUCCEEDED}
        self._file: IO[bytes] | None = None

    def has(self, task: Task) -> bool:
        """Whether the video of `task` was made from the same inputs before, and is still there."""
        made = self._made.get(task.output)
        if made is None or made["key"] != task.key:
            return False
        try:
            return bool(task.target.stat().st_size == made["output_bytes"])
        except OSError:
            return False

    def add(self, outcome: Outcome) -> None:
        """Write one outcome down."""
        assert self._file is not None, "results are written inside of a with statement"
        self._file.write(json.dumps(outcome.to_dict(), ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        self._file = self.path.open("ab+")
        self._end_torn_line()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._file is not None
        self._file.close()

    def _end_torn_line(self) -> None:
        """What a killed run left of its last line must not swallow the first of this one."""
        assert self._file is not None
        if self._file.seek(0, os.SEEK_END):
            self._file.seek(-1, os.SEEK_END)
            if self._file.read(1) != b"\n":
                self._file.write(b"\n")


def _lines(folder: Path) -> Iterator[dict[str, Any]]:
    """The readable lines of all results in a folder, the oldest first."""
    lines = [line for path in folder.glob("results*.jsonl") for line in _read(path)]
    yield from sorted(lines, key=lambda line: str(line["completed_at"]))


def _read(path: Path) -> Iterator[dict[str, Any]]:
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:  # torn by a kill or a full disk
            continue
        if isinstance(line, dict) and {"status", "completed_at"} <= line.keys():
            yield {"output": None, "key": None, "output_bytes": None} | line
