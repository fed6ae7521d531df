"""The table of all clips, kept and dropped, that preparation leaves behind."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from sonic.evaluate.output import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class PreparedClip:
    """One row of `index.json`.

    Attributes:
        name: unique; the video's for its first clip.
        source, person, split: as in the manifest.
        kept: whether it is in the shards.
        reason: why not, empty for kept clips.
        video: name of the video.
        track: which of the video's tracks, -1 if there is none.
        start: first frame in the video.
        frames: its length.
        lead: frames of sound kept before it.
        offset: how late the sound is, frames, corrected when the clip is read.
        correlation: of the probe's lip opening with the tracked one after that.
        measures: of the track, by name; see `sonic.train.prepare.measures`.
    """

    name: str
    source: str
    person: str
    split: str
    kept: bool = False
    reason: str = ""
    video: str = ""
    track: int = -1
    start: int = 0
    frames: int = 0
    lead: int = 0
    offset: float = 0.0
    correlation: float = 0.0
    measures: dict[str, float] = field(default_factory=dict)


def write_index(clips: Sequence[PreparedClip], folder: Path) -> None:
    """Write `folder/index.json`."""
    write_text(folder / "index.json", json.dumps([asdict(clip) for clip in clips], indent=1) + "\n")


def read_index(folder: Path) -> list[PreparedClip]:
    """Read `folder/index.json`."""
    rows = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return [PreparedClip(**row) for row in rows]
