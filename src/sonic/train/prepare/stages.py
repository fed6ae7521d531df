"""From a list of videos to training data, in stages that pick up where they were stopped.

The folder that comes out:

    tracks/NAME.npz      one video: every face that was followed, how good it is, and the sound
    space.safetensors    the motion space, fitted to the clips of the train split
    clips/NAME.npz       one clip: motion vectors, mouth readings, mouth crops
    features/NAME.npz    one clip: speech features of the sound and its disturbed variants
    probe.safetensors    the ridge regression that timed the clips
    index.json           one row a clip: person, split, measures, offset, correlation, kept or why not
    report.html          the same for people, with faces
    shards/*.tar         all of that for the clips that were kept; what training reads

Only `shards`, `space.safetensors`, `probe.safetensors` and `index.json` are needed afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sonic.errors import InputError
from sonic.train.prepare.encode import VideoClips, encode_video, landmarks_of
from sonic.train.prepare.features import hear_clips, load_features, together
from sonic.train.prepare.index import PreparedClip, write_index
from sonic.train.prepare.manifest import SPLITS
from sonic.train.prepare.report import write_report
from sonic.train.prepare.settings import PrepareSettings
from sonic.train.prepare.shards import clip_files, mixed_order, write_shards
from sonic.train.prepare.space_fit import fit_space
from sonic.train.prepare.timing import time_clips
from sonic.train.prepare.tracks import Footage
from sonic.train.prepare.verdicts import candidates
from sonic.train.prepare.watch import prepare_video
from sonic.train.prepare.workers import run_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sonic.motion.head import Array
    from sonic.train.prepare.manifest import ClipRow

    Tell = Callable[[str, int, int], None]

_SPACE_FRAMES = 60_000  # more do not change the space
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Crew:
    """Who does the work: processes of this machine or a Ray cluster, and who hears how far it is."""

    workers: int = 1
    ray: bool = False
    tell: Tell | None = None

    def run(self, stage: str, task: Callable[..., object], items: Sequence[object]) -> None:
        """Call the task with every item."""
        for done, _ in enumerate(run_all(task, items, workers=self.workers, ray=self.ray), start=1):
            if self.tell is not None:
                self.tell(stage, done, len(items))


def prepare(
    rows: Sequence[ClipRow], folder: Path, settings: PrepareSettings | None = None, crew: Crew | None = None
) -> list[PreparedClip]:
    """Run every stage that is not done yet and return the index.

    Raises:
        InputError: nothing in the train split can be learned from.
    """
    settings, crew = settings or PrepareSettings(), crew or Crew()
    folder.mkdir(parents=True, exist_ok=True)
    crew.run("watch", partial(prepare_video, folder=folder), rows)
    clips = [clip for row in rows for clip in candidates(row, _footage(row.name, folder), settings)]
    good = [clip for clip in clips if not clip.reason]
    _fit_space(good, folder)
    crew.run("encode", partial(encode_video, folder=folder), _videos(rows, good))
    crew.run("hear", partial(hear_clips, folder=folder, seed=settings.seed), together(good))
    clips = time_clips(clips, folder, settings)
    for split in SPLITS:
        limit = int(settings.shard_size * _MEGABYTE)
        write_shards(folder / "shards", split, _shard_clips(clips, split, folder), limit)
    write_index(clips, folder)
    write_report(clips, folder)
    return clips


def _footage(video: str, folder: Path) -> Footage:
    return Footage.load(folder / "tracks" / f"{video}.npz")


def _videos(rows: Sequence[ClipRow], clips: Sequence[PreparedClip]) -> list[VideoClips]:
    files = {row.name: row.file for row in rows}
    members: dict[str, list[PreparedClip]] = {}
    for clip in clips:
        members.setdefault(clip.video, []).append(clip)
    return [VideoClips(files[video], tuple(group)) for video, group in members.items()]


def _fit_space(clips: Sequence[PreparedClip], folder: Path) -> None:
    path = folder / "space.safetensors"
    if not path.exists():
        partial_path = path.with_suffix(".partial")
        fit_space(_space_tracks(clips, folder)).save(partial_path)
        partial_path.replace(path)


def _space_tracks(clips: Sequence[PreparedClip], folder: Path) -> list[Array]:
    """Landmarks of training clips in random order, as many as the space needs."""
    tracks: list[Array] = []
    train = [clip for clip in clips if clip.split == "train"]
    for index in np.random.default_rng(0).permutation(len(train)):
        tracks.append(landmarks_of(_footage(train[index].video, folder), train[index]))
        if sum(map(len, tracks)) > _SPACE_FRAMES:
            break
    if not tracks:
        raise InputError("No training clip shows a usable face with sound; check the videos and their split.")
    return tracks


def _shard_clips(
    clips: Sequence[PreparedClip], split: str, folder: Path
) -> Iterator[tuple[str, dict[str, bytes]]]:
    kept = [clip for clip in clips if clip.kept and clip.split == split]
    for clip in sorted(kept, key=lambda clip: mixed_order(clip.name)):
        yield clip.name, _files(clip, folder)


def _files(clip: PreparedClip, folder: Path) -> dict[str, bytes]:
    footage = _footage(clip.video, folder)
    features, stretch = load_features(folder / "features" / f"{clip.name}.npz")
    with np.load(folder / "clips" / f"{clip.name}.npz") as file:
        motion, mouth, film = file["motion"], file["mouth"], file["film"].tobytes()
    about = {
        "name": clip.name,
        "person": clip.person,
        "source": clip.source,
        "split": clip.split,
        "frames": clip.frames,
        "start": round(clip.lead + clip.offset, 4),
        "offset": round(clip.offset, 4),
        "correlation": round(clip.correlation, 4),
        "stretch": stretch,
    }
    arrays = {"landmarks": landmarks_of(footage, clip), "motion": motion, "mouth": mouth}
    arrays |= {f"features.{name}": values for name, values in features.items()}
    return clip_files(about, arrays, footage.sound_of(clip.start, clip.frames)[0], film)
