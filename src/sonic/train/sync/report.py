"""What a sync network can do on people it has never seen, as figures, a table and a histogram."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sonic.evaluate.output import write_text
from sonic.evaluate.statistics import estimate_median
from sonic.train.sync.codecs import CODECS, recoded, with_sound
from sonic.train.sync.histogram import draw_histogram
from sonic.train.sync.markdown import to_markdown
from sonic.train.sync.measure import (
    CONTEXTS,
    Hits,
    best_view,
    clip_offset,
    hits,
    listen,
    look,
    moved,
    offset_of,
)
from sonic.train.sync.ridge import ridge_scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from sonic.clips import Clip
    from sonic.motion.probe import LipProbe
    from sonic.train.sync.measure import Heard
    from sonic.train.sync.network import SyncNetwork
    from sonic.train.sync.views import SyncClip

POOLED = "all"
_FEWEST_CLIPS = 8  # that a person's offset is read from
_CODEC_CLIPS = 24  # of the test clips, spread over people


@dataclass(frozen=True)
class TestSet:
    """Clips of people who took no part in training.

    Attributes:
        clips: as the network sees them.
        recorded: the same clips as prepared, with sound and colour crops.
        spoken: the same clips with speech features, for the ridge.
    """

    clips: Sequence[SyncClip]
    recorded: Sequence[Clip]
    spoken: Sequence[SyncClip]


def write_report(
    network: SyncNetwork, tests: TestSet, probe: LipProbe | None, about: dict[str, Any], folder: Path
) -> None:
    """Write `report.json`, `report.md` and `offsets.png` into a folder.

    Args:
        network: what is measured.
        tests: on whom.
        probe: the linear floor, if it is to have a row.
        about: what was trained on. A network of a share of the people is a point of a learning curve only,
            and is not asked about codecs.
        folder: of the run.
    """
    whole = about["settings"]["share"] == 1
    listened = list(listen(tests.clips, lambda seen, heard: look(network, seen, heard)))
    found = [hit for heard in listened for hit in hits(heard)]
    if probe is not None:
        ridge = listen(tests.spoken, lambda seen, heard: ridge_scores(probe, seen, heard))
        found += [hit for heard in ridge for hit in hits(heard)]
    timings = person_timings(listened)
    found += [
        replace(hit, view=f"{hit.view}, timed") for heard in timed(listened, timings) for hit in hits(heard)
    ]
    offsets = _offsets(listened)
    report = {
        "training": about,
        "test": _size(tests.clips),
        "accuracy": accuracy(found),
        "offsets": {source: _spread(values) for source, values in offsets.items()},
        "people": timings,
        "codecs": list(codec_rows(network, tests)) if whole else [],
    }
    write_text(folder / "report.json", json.dumps(report, indent=1) + "\n")
    write_text(folder / "report.md", to_markdown(report))
    draw_histogram(offsets, folder / "offsets.png")


def person_timings(listened: Iterable[Heard]) -> dict[str, float]:
    """The offset of every person with enough clips, frames: recordings of one source may differ in it."""
    groups: dict[str, list[Heard]] = defaultdict(list)
    for heard in listened:
        groups[heard.clip.person].append(heard)
    return {person: offset_of(group) for person, group in groups.items() if len(group) >= _FEWEST_CLIPS}


def timed(listened: Iterable[Heard], timings: dict[str, float]) -> Iterator[Heard]:
    """Every clip as it would be if its person's offset had been corrected to the nearest frame."""
    for heard in listened:
        frames = timings.get(heard.clip.person, 0.0)
        yield moved(heard, round(frames) if np.isfinite(frames) else 0)


def accuracy(found: Iterable[Hits]) -> list[dict[str, Any]]:
    """One row a source and view, and pooled ones: shares of right answers by frames of context."""
    groups: dict[tuple[str, str], list[Hits]] = defaultdict(list)
    for hit in found:
        groups[hit.source, hit.view].append(hit)
        groups[POOLED, hit.view].append(hit)
    return [
        {"source": source, "view": view, **{str(frames): _share(group, frames) for frames in CONTEXTS}}
        for (source, view), group in sorted(groups.items())
    ]


def _share(group: Sequence[Hits], frames: int) -> dict[str, float | int]:
    """Shares of windows and of people: the median person, and the interval of that median."""
    chosen = [hit for hit in group if hit.frames == frames]
    people = sorted({hit.person for hit in chosen})
    asked, right, existing = (
        np.array(
            [sum(getattr(hit, name) for hit in chosen if hit.person == person) for person in people], float
        )
        for name in ("asked", "right", "existing")
    )
    median = estimate_median(right / asked, people)
    return {
        "people": len(people),
        "windows": int(asked.sum()),
        "median": median.value,
        "low": median.low,
        "high": median.high,
        "share": float(right.sum() / max(1, asked.sum())),
        "existing": float(existing.sum() / max(1, asked.sum())),
    }


def _offsets(listened: Sequence[Heard]) -> dict[str, list[float]]:
    """Per source the offsets that the network hears in whole clips, except those that say too little."""
    offsets: dict[str, list[float]] = defaultdict(list)
    for heard in listened:
        value = clip_offset(heard.own[best_view(heard.own)], heard.loud)
        if np.isfinite(value):
            offsets[heard.clip.source].append(value)
    return dict(offsets)


def _spread(values: Sequence[float]) -> dict[str, Any]:
    edges = np.arange(-15.5, 16.5)
    return {
        "clips": len(values),
        "median": float(np.median(values)),
        "within_one_frame": float((np.abs(values) <= 1).mean()),
        "counts": np.histogram(values, edges)[0].tolist(),
    }


def _size(clips: Sequence[SyncClip]) -> dict[str, Any]:
    return {
        "people": len({clip.person for clip in clips}),
        "clips": len(clips),
        "minutes": round(sum(len(clip.lips) for clip in clips) / 25 / 60, 2),
    }


def codec_rows(network: SyncNetwork, tests: TestSet) -> Iterable[dict[str, Any]]:
    """Per codec how far the answers for re-encoded clips are from those for the same clips untouched."""
    step = max(1, len(tests.clips) // _CODEC_CLIPS)
    chosen = [
        (clip, recorded.crops(), recorded.sound)
        for clip, recorded in list(zip(tests.clips, tests.recorded, strict=True))[::step]
    ]
    before = [_answers(network, with_sound(clip, crops, sound)) for clip, crops, sound in chosen]
    for codec in CODECS:
        copies = [with_sound(clip, *recoded(crops, sound, codec)) for clip, crops, sound in chosen]
        yield {"codec": codec.name, **_compared(before, [_answers(network, copy) for copy in copies])}


def _answers(network: SyncNetwork, clip: SyncClip) -> tuple[float, int, int]:
    """A clip's offset, and its right and asked stretches of the longest context."""
    heard = next(listen([clip], lambda seen, other: look(network, seen, other)))
    view = best_view(heard.own)
    found = [hit for hit in hits(heard, whole=False) if hit.view == view and hit.frames == CONTEXTS[-1]]
    return (
        clip_offset(heard.own[view], heard.loud),
        sum(h.existing for h in found),
        sum(h.asked for h in found),
    )


def _compared(
    before: Sequence[tuple[float, int, int]], after: Sequence[tuple[float, int, int]]
) -> dict[str, Any]:
    (first, right, asked), (second, right_after, asked_after) = (
        np.array(rows, float).T for rows in (before, after)
    )
    moved = np.abs(second - first)
    moved = moved[np.isfinite(moved)]
    return {
        "clips": len(moved),
        "moved": float(np.median(moved)),
        "same": float((moved <= 0.5).mean()),
        "right_before": float(right.sum() / max(1, asked.sum())),
        "right_after": float(right_after.sum() / max(1, asked_after.sum())),
    }
