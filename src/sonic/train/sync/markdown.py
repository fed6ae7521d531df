"""The report of a sync network as Markdown, beside what others have published."""

from __future__ import annotations

from typing import Any

# Accuracy in % at 5, 9 and 15 frames on LRS2, as read off the figure of MTDVocaLiST (arXiv 2210.15563);
# ModEFormer from its abstract (arXiv 2303.11551), which does not say how many frames.
PUBLISHED = (
    ("SyncNet (2016)", "75.8", "87.6", "96.1"),
    ("Perfect Match (2019)", "88.1", "96.4", "99.1"),
    ("AVST (2021)", "92.0", "97.7", "99.6"),
    ("VocaLiST (2022)", "92.8", "98.4", "99.8"),
    ("MTDVocaLiST (2022)", "91.5", "98.1", "99.7"),
    ("ModEFormer (2023)", "94.5", "-", "-"),
)
_LRS2 = "LRS2, about 200 h"
_FRAMES = ("5", "9", "15")

_NOTES = """
Protocol: windows of five frames against shifts of -15 to +15 frames; longer contexts average neighbouring
windows' scores before the best is taken; right is within one frame. Windows over silence are not asked.
A cell holds the share of all windows and, in brackets, that of the median person. Clips shorter than the
search get windows of the same person's next clip for the shifts that leave them, so that there are always 31
candidates; "own shifts only" asks the same windows at 15 frames with fewer candidates instead. Rows marked
"timed" correct the offset that this network hears in each person with eight clips or more.
"""
_SEES_FAR = """
**The sound of this network is not confined to its window**: a speech feature comes from a frozen encoder that
looks both ways and knows up to 4 s of sound around. Compare the figures with those of a network on log-mel
sound (`--sound mel`), which hears the window's 0.2 s and the 25 ms of its mel frames, as published ones do.
"""
_CONFINED = """
The sound of this network is log-mel of the window's five frames{context}; a mel frame spans 25 ms.
"""


def to_markdown(report: dict[str, Any]) -> str:
    """The whole report."""
    training, test = report["training"], report["test"]
    parts = [
        "# Audio-visual sync",
        _learned(training, test),
        _sound_note(training["settings"]),
        _accuracy(report["accuracy"], training),
        _NOTES.strip(),
        "## Offsets\n\n![offsets](offsets.png)",
        _offsets(report["offsets"]),
        _people(report["people"]),
        _codecs(report["codecs"]),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _learned(training: dict[str, Any], test: dict[str, Any]) -> str:
    learned = f"Learned from {training['minutes']:.1f} minutes of {training['people']} people"
    return f"{learned}; asked on {test['minutes']:.1f} minutes of {test['people']} other people."


def _sound_note(settings: dict[str, Any]) -> str:
    if settings["sound"] == "speech":
        return _SEES_FAR
    context = settings["sound_context"]
    return _CONFINED.format(context=f" and {context} frames on either side" if context else "")


def _accuracy(rows: list[dict[str, Any]], training: dict[str, Any]) -> str:
    header = ["what", "data", "5 frames", "9 frames", "15 frames", "15, own shifts only", "people"]
    lines = ["## Accuracy", "", _row(header), _rule(header)]
    size = f"{training['minutes']:.1f} min, {training['people']} people"
    for row in rows:
        cells = [_pair(row[frames]) for frames in _FRAMES]
        longest = row[_FRAMES[-1]]
        name = f"{row['source']}: {row['view']}"
        lines.append(_row([name, size, *cells, f"{100 * longest['existing']:.1f}", str(longest["people"])]))
    lines += [_row([name, _LRS2, *figures, "-", "-"]) for name, *figures in PUBLISHED]
    return "\n".join(lines)


def _pair(share: dict[str, float]) -> str:
    return f"{100 * share['share']:.1f} ({100 * share['median']:.1f})"


def _offsets(sources: dict[str, dict[str, Any]]) -> str:
    header = ["source", "clips", "median offset, frames", "within one frame"]
    lines = [_row(header), _rule(header)]
    for source, row in sources.items():
        share = f"{100 * row['within_one_frame']:.1f} %"
        lines.append(_row([source, str(row["clips"]), f"{row['median']:+.2f}", share]))
    return "\n".join(lines)


def _people(timings: dict[str, float]) -> str:
    if not timings:
        return ""
    listed = ", ".join(f"{person} {frames:+.2f}" for person, frames in sorted(timings.items()))
    return f"By person, over all clips together, frames: {listed}."


def _codecs(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return ""
    header = [
        "written again as",
        "clips",
        "median change, frames",
        "within half a frame",
        "right before",
        "after",
    ]
    lines = ["## Other codecs", "", _row(header), _rule(header)]
    for row in rows:
        shares = [f"{100 * row[name]:.1f} %" for name in ("same", "right_before", "right_after")]
        lines.append(_row([row["codec"], str(row["clips"]), f"{row['moved']:.2f}", *shares]))
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(cells: list[str]) -> str:
    return "|---" * len(cells) + "|"
