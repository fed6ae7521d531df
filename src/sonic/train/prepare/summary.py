"""What preparation kept and why the rest was dropped, in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonic.train.prepare.index import PreparedClip


def summarise(clips: Sequence[PreparedClip]) -> str:
    """One line a source and split: kept clips, minutes, offset, correlation; then why others were dropped."""
    groups = sorted({(clip.source, clip.split) for clip in clips})
    lines = [_source_line(source, split, clips) for source, split in groups]
    reasons = Counter(clip.reason for clip in clips if clip.reason)
    return "\n".join(lines + [f"dropped {count}: {reason}" for reason, count in reasons.most_common()])


def _source_line(source: str, split: str, clips: Sequence[PreparedClip]) -> str:
    members = [clip for clip in clips if (clip.source, clip.split) == (source, split)]
    kept = [clip for clip in members if clip.kept]
    minutes = sum(clip.frames for clip in kept) / 25 / 60
    offset, fit = (
        np.median([getattr(clip, name) for clip in kept] or [0]) for name in ("offset", "correlation")
    )
    return (
        f"{source} {split}: {len(kept)} of {len(members)} clips kept, {minutes:.1f} min, "
        f"offset {offset:+.2f} frames, correlation {fit:.2f}"
    )
