"""What a batch is asked to make: one portrait, one recording and what is special about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FORMATS = ("mp4", "webm", "gif")  # of videos; a folder of pictures is no file that could be told complete
INPUTS = ("image", "audio", "face_points", "reference_video")  # the files that a video is made from


@dataclass(frozen=True)
class Item:
    """One video of a batch, as its list says; nothing is checked but its form.

    Attributes:
        row: where it stands in the list, from 1.
        image, audio, face_points, reference_video: its files.
        output: name of the video inside the output folder, None for one made of the inputs' names.
        options: fields of `GenerateConfig` that its row gives.
    """

    row: int
    image: Path
    audio: Path
    face_points: Path | None = None
    reference_video: Path | None = None
    output: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


def by_portrait(items: Sequence[Item]) -> list[Item]:
    """The same items, those of one portrait beside each other, so that it is analysed once."""
    return sorted(items, key=lambda item: (str(item.image), item.row))


def shard(items: Sequence[Item], index: int, count: int) -> list[Item]:
    """Part `index` of `count`, from 1: all parts together are all items, and portraits stay together."""
    ordered = by_portrait(items)
    first, last = (len(ordered) * edge // count for edge in (index - 1, index))
    return ordered[first:last]
