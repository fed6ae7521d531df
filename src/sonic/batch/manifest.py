"""Reads the list of a batch: one JSON object a line, or a CSV table with a header."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from sonic.batch.items import INPUTS, Item
from sonic.config import options
from sonic.errors import ManifestError
from sonic.options import from_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LISTS = (".jsonl", ".csv")
_COLUMNS = (*INPUTS, "output")
_DELIMITERS = ",;\t"  # what spreadsheets write


def read_manifest(path: Path) -> list[Item]:
    """The items of a `.jsonl` or `.csv` file; relative paths in it start from its own folder.

    Columns are `image`, `audio`, `face_points`, `reference_video`, `output` and the fields of
    `GenerateConfig`; only the first two are needed.

    Raises:
        ManifestError: it cannot be read, lists nothing, or has a line that no item can be made of.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise ManifestError(f"The list '{path}' cannot be read ({error}): give a file in UTF-8.") from error
    rows = _csv_rows(text) if path.suffix.lower() == ".csv" else _json_rows(text, path)
    items = [_item(content, row, path) for row, content in rows]
    if not items:
        raise ManifestError(f"The list '{path}' is empty: give each video a line with image and audio.")
    return items


def _json_rows(text: str, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for row, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
        except ValueError as error:
            raise ManifestError(
                f"Line {row} of '{path}' is no JSON ({error}): write one object a line."
            ) from error
        if not isinstance(content, dict):
            raise ManifestError(
                f'Line {row} of \'{path}\' is no object: write {{"image": ..., "audio": ...}}.'
            )
        yield row, content


def _csv_rows(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
    known = {option.name: option for option in options()}
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, restkey="", skipinitialspace=True)
    for content in reader:
        cells = ((name.strip(), text) for name, text in content.items() if text)
        meant = {name: from_text(known[name], text) if name in known else text for name, text in cells}
        yield reader.line_num, meant


def _item(content: Mapping[str, Any], row: int, path: Path) -> Item:
    known = {option.name for option in options()}
    for name in content:
        if name not in known and name not in _COLUMNS:
            names = ", ".join(_COLUMNS)
            raise ManifestError(
                f"Line {row} of '{path}' has an unknown column '{name}': "
                f"there are {names} and the options of sonic generate."
            )
    given = {name: value for name, value in content.items() if value is not None}
    return Item(
        row=row,
        image=_path(given, "image", row, path),
        audio=_path(given, "audio", row, path),
        face_points=_path(given, "face_points", row, path) if "face_points" in given else None,
        reference_video=_path(given, "reference_video", row, path) if "reference_video" in given else None,
        output=_text(given, "output", row, path) if "output" in given else None,
        options={name: value for name, value in given.items() if name in known},
    )


def _path(content: Mapping[str, Any], name: str, row: int, path: Path) -> Path:
    return (path.parent / _text(content, name, row, path)).absolute()


def _text(content: Mapping[str, Any], name: str, row: int, path: Path) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ManifestError(f"Line {row} of '{path}' has no {name}: give the name of a file.")
    return value.strip()
