"""From a list of videos to training data, in stages that pick up where they were stopped.

The folder that comes out:

    tracks/NAME.npz      landmarks, scores and sound of every clip
    space.safetensors    the motion space, fitted to the clips of the train split
    motion/NAME.npz      motion vectors, mouth readings and the first frame of the usable stretch
    features/NAME.npz    speech features of the sound and its disturbed variants
    probe.safetensors    the ridge regression that timed the clips
    index.json           one row a clip: person, split, offset, correlation, kept or why not
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sonic.errors import InputError
from sonic.face.topology import CHIN
from sonic.motion.head import fit_head
from sonic.motion.mouth import lip_opening, mouth_width
from sonic.motion.space import MotionSpace
from sonic.train.prepare.clip_reader import track_video
from sonic.train.prepare.features import encode_variants
from sonic.train.prepare.space_fit import fit_space
from sonic.train.prepare.timing import time_clips
from sonic.train.prepare.tracks import SAMPLE_RATE, Track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sonic.face.landmarks import FaceTracker
    from sonic.motion.head import Array
    from sonic.train.prepare.manifest import ClipRow

logger = logging.getLogger(__name__)

_SPACE_FRAMES = 60_000  # more do not change the space
_TOGETHER = 24 * SAMPLE_RATE  # samples of short clips that are encoded back to back


@dataclass(frozen=True)
class PreparedClip:
    """One row of `index.json`.

    Attributes:
        name, source, person, split: as in the manifest.
        kept: whether training may use it.
        reason: why not, empty for kept clips.
        start: first frame of the usable stretch.
        frames: its length.
        offset: how late the sound is, frames, to be corrected when the clip is read.
        correlation: of the probe's lip opening with the tracked one after that.
    """

    name: str
    source: str
    person: str
    split: str
    kept: bool = False
    reason: str = ""
    start: int = 0
    frames: int = 0
    offset: float = 0.0
    correlation: float = 0.0


def prepare(
    rows: Sequence[ClipRow],
    folder: Path,
    *,
    seed: int = 0,
    report: Callable[[str, int, int], None] | None = None,
) -> list[PreparedClip]:
    """Run every stage that is not done yet and return the index; `report` gets stage, done, total."""
    tell = report or (lambda _stage, _done, _total: None)
    for name in ("tracks", "motion", "features"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    _track(rows, folder, tell)
    space = _space(rows, folder)
    clips = [_encode(row, folder, space) for row in rows]
    _features([clip for clip in clips if not clip.reason], folder, seed, tell)
    clips = time_clips(clips, folder)
    write_index(clips, folder)
    return clips


def write_index(clips: Sequence[PreparedClip], folder: Path) -> None:
    """Write `index.json`."""
    content = json.dumps([asdict(clip) for clip in clips], indent=1)
    (folder / "index.json").write_text(content + "\n", encoding="utf-8")


def _track(rows: Sequence[ClipRow], folder: Path, tell: Callable[[str, int, int], None]) -> None:
    from sonic.face.landmarks import FaceTracker

    for done, row in enumerate(rows, start=1):
        path = folder / "tracks" / f"{row.name}.npz"
        if not path.exists():
            _track_one(row, path, FaceTracker())
        tell("tracks", done, len(rows))


def _track_one(row: ClipRow, path: Path, tracker: FaceTracker) -> None:
    try:
        track = track_video(row.file, tracker)
    except InputError as error:
        logger.warning("%s", error)
        track = Track(np.zeros((0, 478, 3), np.float32), np.zeros(0, np.float32), np.zeros(0, np.float32))
    partial = path.with_suffix(".partial.npz")
    track.save(partial)
    partial.replace(path)


def _space(rows: Sequence[ClipRow], folder: Path) -> MotionSpace:
    path = folder / "space.safetensors"
    if not path.exists():
        fit_space(_space_tracks(rows, folder)).save(path)
    return MotionSpace.load(path)


def _space_tracks(rows: Sequence[ClipRow], folder: Path) -> list[Array]:
    """Usable landmarks of training clips in random order, as many as the space needs."""
    tracks: list[Array] = []
    train = [row for row in rows if row.split == "train"]
    for index in np.random.default_rng(0).permutation(len(train)):
        track = Track.load(folder / "tracks" / f"{train[index].name}.npz")
        run = track.longest_run()
        if run.stop:
            tracks.append(track.landmarks[run])
        if sum(map(len, tracks)) > _SPACE_FRAMES:
            break
    if not tracks:
        raise InputError("No training clip shows a face for a second; check the videos and their split.")
    return tracks


def _encode(row: ClipRow, folder: Path, space: MotionSpace) -> PreparedClip:
    """Motion of a clip's usable stretch, written unless it already is."""
    clip = PreparedClip(row.name, row.source, row.person, row.split)
    path = folder / "motion" / f"{row.name}.npz"
    if path.exists():
        with np.load(path) as file:
            return replace(clip, start=int(file["start"]), frames=len(file["motion"]))
    track = Track.load(folder / "tracks" / f"{row.name}.npz")
    run = track.longest_run()
    if not run.stop:
        return replace(clip, reason="no face for a second, or no sound")
    landmarks = track.landmarks[run]
    np.savez(path, motion=space.encode(landmarks), mouth=mouth_of(landmarks, space), start=run.start)
    return replace(clip, start=run.start, frames=run.stop - run.start)


def mouth_of(landmarks: Array, space: MotionSpace) -> Array:
    """Lip opening, mouth width and chin height of a track, IOD, [T, 3]."""
    _, points = fit_head(landmarks, space.template)
    return np.stack([lip_opening(points), mouth_width(points), points[:, CHIN, 1]], axis=1).astype(np.float32)


def _features(
    clips: Sequence[PreparedClip], folder: Path, seed: int, tell: Callable[[str, int, int], None]
) -> None:
    from sonic.speech.encoder import SpeechEncoder

    encoder = SpeechEncoder()
    missing = [clip for clip in clips if not (folder / "features" / f"{clip.name}.npz").exists()]
    done = len(clips) - len(missing)
    for number, group in enumerate(_groups(missing, folder)):
        sounds = [sound for _, sound in group]
        variants = encode_variants(sounds, encoder, np.random.default_rng([seed, number]))
        for (clip, _), arrays in zip(group, variants, strict=True):
            _save_arrays(folder / "features" / f"{clip.name}.npz", arrays)
        done += len(group)
        tell("features", done, len(clips))


def _groups(clips: Sequence[PreparedClip], folder: Path) -> Iterator[list[tuple[PreparedClip, Array]]]:
    """Clips of one person with their sounds, together about as long as a long clip."""
    group: list[tuple[PreparedClip, Array]] = []
    for clip in sorted(clips, key=lambda clip: clip.person):
        full = sum(len(sound) for _, sound in group) > _TOGETHER
        if group and (full or group[0][0].person != clip.person):
            yield group
            group = []
        group.append((clip, Track.load(folder / "tracks" / f"{clip.name}.npz").sound))
    if group:
        yield group


def _save_arrays(path: Path, arrays: dict[str, Any]) -> None:
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **arrays)
    partial.replace(path)
