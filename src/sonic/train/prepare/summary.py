"""What preparation kept and why the rest was dropped, in figures and in words."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonic.motion.space import FRAME_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonic.train.prepare.index import PreparedClip


@dataclass(frozen=True)
class Group:
    """What became of the clips of one source and split.

    Attributes:
        source, split: as in the manifest.
        people: how many have clips that were kept.
        kept: how many clips were kept.
        clips: out of how many.
        minutes: how long those that were kept last.
        offset: their median offset, frames.
        correlation: their median correlation of lips and sound.
    """

    source: str
    split: str
    people: int
    kept: int
    clips: int
    minutes: float
    offset: float
    correlation: float


@dataclass(frozen=True)
class Dropped:
    """A reason, and how many clips and minutes were dropped for it."""

    reason: str
    clips: int
    minutes: float


def groups_of(clips: Sequence[PreparedClip]) -> list[Group]:
    """One group a source and split, by name."""
    members: dict[tuple[str, str], list[PreparedClip]] = defaultdict(list)
    for clip in clips:
        members[clip.source, clip.split].append(clip)
    return [_group(source, split, members[source, split]) for source, split in sorted(members)]


def _group(source: str, split: str, clips: list[PreparedClip]) -> Group:
    kept = [clip for clip in clips if clip.kept]
    return Group(
        source=source,
        split=split,
        people=len({clip.person for clip in kept}),
        kept=len(kept),
        clips=len(clips),
        minutes=minutes(kept),
        offset=float(np.median([clip.offset for clip in kept] or [0])),
        correlation=float(np.median([clip.correlation for clip in kept] or [0])),
    )


def dropped(clips: Sequence[PreparedClip]) -> list[Dropped]:
    """Every reason for which something was dropped, the most frequent first."""
    members: dict[str, list[PreparedClip]] = defaultdict(list)
    for clip in clips:
        if not clip.kept:
            members[clip.reason].append(clip)
    reasons = [Dropped(reason, len(group), minutes(group)) for reason, group in members.items()]
    return sorted(reasons, key=lambda row: (-row.clips, row.reason))


def minutes(clips: Sequence[PreparedClip]) -> float:
    """How long clips last together."""
    return sum(clip.frames for clip in clips) / FRAME_RATE / 60


def summarise(clips: Sequence[PreparedClip]) -> str:
    """One line a source and split: kept clips, minutes, offset, correlation; then why others were dropped."""
    lines = [
        f"{group.source} {group.split}: {group.kept} of {group.clips} clips kept, {group.minutes:.1f} min, "
        f"offset {group.offset:+.2f} frames, correlation {group.correlation:.2f}"
        for group in groups_of(clips)
    ]
    return "\n".join(lines + [f"dropped {row.clips}: {row.reason}" for row in dropped(clips)])
