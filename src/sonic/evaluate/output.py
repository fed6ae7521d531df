"""Writes an evaluation: evaluation.json, evaluation.md and pictures, each complete or not there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sonic.errors import OutputPathError

if TYPE_CHECKING:
    from pathlib import Path


def open_folder(folder: Path) -> Path:
    """Make the folder; raises OutputPathError when that is impossible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputPathError(f"{folder} cannot be made ({error.strerror}): choose another.") from error
    return folder


def write_evaluation(folder: Path, content: dict[str, Any], report: str) -> None:
    """Write the figures as JSON and the tables as Markdown."""
    write_text(folder / "evaluation.json", json.dumps(content, indent=1, allow_nan=False) + "\n")
    write_text(folder / "evaluation.md", report + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a file that appears when it is complete."""
    partial = path.with_name(f".{path.name}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
