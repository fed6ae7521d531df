"""The list of training clips: which file, which person, and whether it trains or judges."""

from __future__ import annotations

import csv
import os
from collections import Counter
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from sonic.errors import ConfigError

VIDEO_SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".webm"})
SPLITS = ("train", "dev", "judge")


@dataclass(frozen=True)
class ClipRow:
    """One clip of the manifest.

    Attributes:
        file: the video.
        name: unique, usable as a file name.
        source: clips of one source share recording equipment, hence one audio-video offset.
        person: whoever speaks; a person is in one split only.
        split: "train", "dev" (measures) or "judge" (trains the network that measures).
    """

    file: Path
    name: str
    source: str
    person: str
    split: str


def read_manifest(path: Path) -> list[ClipRow]:
    """Clips of a folder (every video below it), or of a TSV with the columns file, source, person, split.

    Only `file` is required, relative to the TSV; the source defaults to the folder, the person to the clip
    and the split to "train".

    Raises:
        ConfigError: nothing there, a missing column, an unknown split or a person on both sides of it.
    """
    rows = _read_folder(path) if path.is_dir() else _read_table(path)
    if not rows:
        raise ConfigError(f"{path} lists no videos; give a folder of clips or a TSV with a column 'file'.")
    _check_split(rows)
    return _told_apart(rows, path)


def _read_folder(folder: Path) -> list[ClipRow]:
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in VIDEO_SUFFIXES)
    return [_row({"file": str(file.relative_to(folder))}, folder) for file in files]


def _read_table(path: Path) -> list[ClipRow]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            records = list(csv.DictReader(file, delimiter="\t"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); give a folder or a TSV.") from error
    if records and "file" not in records[0]:
        raise ConfigError(f"{path} has no column 'file'; its columns are {', '.join(records[0])}.")
    return [_row(record, path.parent) for record in records]


def _row(record: dict[str, str], base: Path) -> ClipRow:
    file = Path(record["file"])
    # In a shard everything behind the first dot of a name says what kind of file it is.
    name = "__".join(file.with_suffix("").parts[-2:]).replace(".", "_")
    split = record.get("split") or "train"
    if split not in SPLITS:
        raise ConfigError(f"The split of {file} is {split!r}; use one of {', '.join(SPLITS)}.")
    return ClipRow(
        base / file, name, record.get("source") or file.parent.name, record.get("person") or name, split
    )


def _told_apart(rows: list[ClipRow], path: Path) -> list[ClipRow]:
    """The same rows, where files of the same name in different places get different names."""
    times = Counter(row.name for row in rows)
    base = path if path.is_dir() else path.parent
    return [row if times[row.name] == 1 else replace(row, name=_longer_name(row, base)) for row in rows]


def _longer_name(row: ClipRow, base: Path) -> str:
    place = os.path.relpath(row.file, base)
    return f"{row.name}-{sha256(place.encode()).hexdigest()[:8]}"


def _check_split(rows: list[ClipRow]) -> None:
    splits: dict[str, str] = {}
    for row in rows:
        if splits.setdefault(row.person, row.split) != row.split:
            raise ConfigError(
                f"{row.person!r} is in {splits[row.person]} and in {row.split}; "
                "keep each person on one side of the split."
            )
