"""Voices whose phones are known in time: NAME.wav beside NAME.tsv with the columns start, end, phone."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonic.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PAUSE = "_"
_BILABIALS = "mbp"
_VOWELS = "aeiouyæɑɒɐəɚɛɜɝɞɪʊʌɔøœɶɤɨʉɯʏᵻɵ"  # noqa: RUF001 - IPA has letters of its own
_COLUMNS = ("start", "end", "phone")


@dataclass(frozen=True)
class Phone:
    """One phone of a voice, `start` to `end` in seconds; `name` is IPA or "_" where nobody speaks."""

    start: float
    end: float
    name: str

    @property
    def bilabial(self) -> bool:
        """Whether the lips must meet: m, b, p and what is written with them (pʰ, mʲ)."""
        return self.name[:1] in _BILABIALS

    @property
    def vowel(self) -> bool:
        """Whether it is a vowel or begins with one."""
        return self.name[:1] in _VOWELS

    @property
    def pause(self) -> bool:
        """Whether nobody speaks."""
        return self.name == PAUSE


@dataclass(frozen=True)
class Voice:
    """A recording and its phones; `language` is its name up to the first "_"."""

    path: Path
    phones: Sequence[Phone]

    @property
    def language(self) -> str:
        """What is spoken."""
        return self.path.stem.partition("_")[0]


def read_voices(folder: Path) -> list[Voice]:
    """All recordings of a folder that have phones beside them, by name.

    Raises:
        InputError: there are none, or a table is damaged.
    """
    voices = [
        Voice(path, read_phones(path.with_suffix(".tsv")))
        for path in sorted(folder.glob("*.wav"))
        if path.with_suffix(".tsv").exists()
    ]
    if not voices:
        raise InputError(
            f"{folder} holds no NAME.wav with a NAME.tsv (start, end, phone) beside it: "
            "scripts/make_phone_voices.py makes such a folder."
        )
    return voices


def read_phones(path: Path) -> list[Phone]:
    """The phones of one table; raises InputError when a column is missing or a time is no number."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        if not set(_COLUMNS) <= set(rows.fieldnames or ()):
            raise InputError(f"{path} needs the columns {', '.join(_COLUMNS)}, separated by tabs.")
        try:
            return [Phone(float(row["start"]), float(row["end"]), row["phone"] or PAUSE) for row in rows]
        except (TypeError, ValueError) as error:
            raise InputError(f"{path} has a time that is no number ({error}): give seconds.") from error
