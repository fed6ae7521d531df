"""Which tracks become clips: the quality filters, and the one face of several that speaks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sonic.motion.space import FRAME_RATE
from sonic.train.prepare.index import PreparedClip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sonic.train.prepare.manifest import ClipRow
    from sonic.train.prepare.settings import PrepareSettings
    from sonic.train.prepare.tracks import Footage, Track

ANOTHER_SPEAKS = "another face in the picture speaks"


def candidates(row: ClipRow, footage: Footage, settings: PrepareSettings) -> list[PreparedClip]:
    """The clips that a video may become, each with the reason why not; at least one row a video."""
    about = PreparedClip(row.name, row.source, row.person, row.split, video=row.name)
    if footage.problem:
        return [replace(about, reason=footage.problem)]
    pieces = [
        (number, start, frames)
        for number, track in enumerate(footage.tracks)
        for start, frames in _pieces(track, settings)
    ]
    return [
        replace(
            about,
            name=row.name if index == 0 else f"{row.name}-{index + 1}",
            track=number,
            start=start,
            frames=frames,
            lead=footage.sound_of(start, frames)[1],
            measures=footage.tracks[number].measures,
            reason=fault(footage.tracks[number], frames, settings),
        )
        for index, (number, start, frames) in enumerate(pieces)
    ]


def _pieces(track: Track, settings: PrepareSettings) -> list[tuple[int, int]]:
    """First frame and length of equal parts of a track that are not too long."""
    total = len(track.landmarks)
    count = max(1, int(np.ceil(total / (settings.longest * FRAME_RATE))))
    edges = np.linspace(0, total, count + 1).round().astype(int).tolist()
    return [(track.start + first, last - first) for first, last in pairwise(edges)]


def fault(track: Track, frames: int, settings: PrepareSettings) -> str:
    """The first filter that a clip of `frames` frames of a track does not pass, in words; empty if all do."""
    known = track.measures
    faults = [
        ("too short", frames < settings.shortest * FRAME_RATE),
        ("face too small", known["width"] < settings.smallest_face),
        ("face cut by the picture's border", known["inside"] < settings.least_inside),
        (
            "head turned too far",
            known["yaw"] > settings.largest_yaw or known["pitch"] > settings.largest_pitch,
        ),
        ("face covered or not a face", known["score"] < settings.lowest_score),
        ("landmarks shake", known["wobble"] > settings.largest_wobble),
        ("face blurred", known["sharpness"] < settings.least_sharp),
        ("silent", known["loudness"] < settings.quietest),
        ("music or noise, no speech", known["rhythm"] < settings.least_rhythm),
    ]
    return next((reason for reason, found in faults if found), "")


def one_speaker(clips: Sequence[PreparedClip], score: Callable[[PreparedClip], float]) -> list[PreparedClip]:
    """The same clips, where of faces seen at the same time only the one with the highest score is kept."""
    videos: dict[str, list[int]] = defaultdict(list)
    for index, clip in enumerate(clips):
        videos[clip.video].append(index)
    return [
        replace(clip, kept=False, reason=ANOTHER_SPEAKS)
        if clip.kept
        and any(_is_beaten(clip, clips[other], score) for other in videos[clip.video] if clips[other].kept)
        else clip
        for clip in clips
    ]


def _is_beaten(clip: PreparedClip, other: PreparedClip, score: Callable[[PreparedClip], float]) -> bool:
    together = min(clip.start + clip.frames, other.start + other.frames) - max(clip.start, other.start)
    return clip.track != other.track and together > 0 and score(other) > score(clip)
