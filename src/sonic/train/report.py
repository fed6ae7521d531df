"""Figures in words: what preparation kept, and how a model compares with the truth."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonic.train.evaluate import Evaluation
    from sonic.train.prepare import PreparedClip

_COLUMNS = {
    "clips": "clips",
    "people": "people",
    "sample": "one sample",
    "mean": "mean of samples",
    "ridge": "ridge",
    "width": "width",
    "jaw": "jaw",
    "amplitude": "amplitude",
    "within_one_frame": "offset <= 1",
    "wrong_gain": "wrong sound",
    "closures": "closures met",
}


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


def table(result: Evaluation) -> str:
    """Medians per source as a Markdown table."""
    rows = result.rows()
    lines = [f"| source | {' | '.join(_COLUMNS.values())} |", "|---" * (len(_COLUMNS) + 1) + "|"]
    for name, values in rows.items():
        cells = [_cell(values[column], column in ("clips", "people")) for column in _COLUMNS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines.append("")
    for name in ("all", "people"):
        low, high = rows[name]["sample_low"], rows[name]["sample_high"]
        lines.append(f"95 % interval of the median for one sample, {name}: {low:.3f} to {high:.3f}")
    lines += ["", "| liveliness | real | made |", "|---|---|---|"]
    lines += [f"| {name} | {real:.3f} | {result.made[name]:.3f} |" for name, real in result.real.items()]
    return "\n".join(lines)


def _cell(value: float, is_count: bool) -> str:
    if np.isnan(value):
        return "-"
    return f"{value:.0f}" if is_count else f"{value:.3f}"
