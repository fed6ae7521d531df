"""Reads a folder as a batch: portraits and recordings of the same name, or one portrait for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonic.batch.items import Item
from sonic.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PICTURES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
RECORDINGS = {
    ".aac", ".aif", ".aiff", ".flac", ".m4a", ".m4v", ".mkv", ".mov", ".mp3", ".mp4", ".oga", ".ogg", ".opus",
    ".wav", ".webm", ".wma",
}  # fmt: skip


def read_folder(folder: Path) -> tuple[list[Item], tuple[str, ...]]:
    """The items of a folder, and one sentence for each file that has no partner.

    Raises:
        ManifestError: nothing in it goes together, or two portraits have the same name.
    """
    pictures, recordings = _files(folder, PICTURES), _files(folder, RECORDINGS)
    if not pictures or not recordings:
        raise ManifestError(
            f"The folder '{folder}' has {len(pictures)} pictures and {len(recordings)} recordings: "
            "put at least one of each into it."
        )
    if len(pictures) == 1:
        pairs = [(pictures[0], recording) for recording in recordings]
        return _items(pairs), ()
    by_name = _by_name(pictures)
    pairs = [(by_name[recording.stem], recording) for recording in recordings if recording.stem in by_name]
    if not pairs:
        raise ManifestError(
            f"No picture in '{folder}' has the name of a recording: name them alike, as anna.jpg and "
            "anna.wav, or put one picture beside all recordings."
        )
    return _items(pairs), tuple(_lonely(pictures, recordings))


def _files(folder: Path, suffixes: set[str]) -> list[Path]:
    return sorted(
        path.absolute()
        for path in folder.iterdir()
        if path.suffix.lower() in suffixes and path.is_file() and not path.name.startswith(".")
    )


def _items(pairs: Sequence[tuple[Path, Path]]) -> list[Item]:
    return [Item(row, image, audio) for row, (image, audio) in enumerate(pairs, start=1)]


def _by_name(pictures: Sequence[Path]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for picture in pictures:
        if (other := named.setdefault(picture.stem, picture)) != picture:
            raise ManifestError(
                f"'{other.name}' and '{picture.name}' have the same name: leave one of them out."
            )
    return named


def _lonely(pictures: Sequence[Path], recordings: Sequence[Path]) -> list[str]:
    names = {path.stem for path in pictures}, {path.stem for path in recordings}
    paired = names[0] & names[1]
    return [
        f"'{path.name}' is left out: no file of the other kind has its name."
        for path in (*pictures, *recordings)
        if path.stem not in paired
    ]
