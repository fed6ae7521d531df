"""What is known of one video: the faces followed through it and its sound, kept as one small file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sonic.clips import SAMPLES_PER_FRAME

if TYPE_CHECKING:
    from pathlib import Path

    from sonic.motion.head import Array

SHORTEST = 20  # frames; less says nothing about how someone speaks
MARGIN = 25  # frames of sound kept before and after a clip


@dataclass(frozen=True)
class Track:
    """One face followed through one shot, without gaps.

    Attributes:
        start: its first frame in the video.
        landmarks: picture pixels, [T, 478, 3].
        score: how sure the tracker was, 0..1, [T].
        measures: how good it is, by name; see `sonic.train.prepare.measures`.
        thumbnail: the face as a small JPEG.
    """

    start: int
    landmarks: Array
    score: Array
    measures: dict[str, float] = field(default_factory=dict)
    thumbnail: bytes = b""

    @property
    def end(self) -> int:
        """The frame after its last one."""
        return self.start + len(self.landmarks)


@dataclass(frozen=True)
class Footage:
    """One video, watched and listened to.

    Attributes:
        sound: mono at 16 kHz, starting with the first frame, [N]; empty if there is none.
        tracks: every face that was seen for long enough, the earliest and then the largest first.
        frames: how many there are at 25 a second.
        cuts: how many shots follow the first.
        problem: why there is nothing to learn from, in a few words; empty if there is.
        thumbnail: the first frame as a small JPEG.
    """

    sound: Array
    tracks: tuple[Track, ...] = ()
    frames: int = 0
    cuts: int = 0
    problem: str = ""
    thumbnail: bytes = b""

    def sound_of(self, start: int, frames: int) -> tuple[Array, int]:
        """The sound of a stretch with a second before and after it, and how many frames come before."""
        lead = min(start, MARGIN)
        first, last = start - lead, start + frames + MARGIN
        return self.sound[first * SAMPLES_PER_FRAME : last * SAMPLES_PER_FRAME], lead

    def save(self, path: Path) -> None:
        """Write everything as one NumPy archive with 16-bit sound; the file appears when it is complete."""
        arrays: dict[str, Any] = {"sound": np.round(np.clip(self.sound, -1, 1) * 32767).astype(np.int16)}
        for number, track in enumerate(self.tracks):
            arrays[f"landmarks{number}"] = track.landmarks
            arrays[f"score{number}"] = track.score
            arrays[f"thumbnail{number}"] = np.frombuffer(track.thumbnail, np.uint8)
        about = {
            "frames": self.frames,
            "cuts": self.cuts,
            "problem": self.problem,
            "tracks": [{"start": track.start, "measures": track.measures} for track in self.tracks],
        }
        thumbnail = np.frombuffer(self.thumbnail, np.uint8)
        partial = path.with_suffix(".partial.npz")
        np.savez_compressed(partial, about=np.array(json.dumps(about)), thumbnail=thumbnail, **arrays)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Footage:
        """Read what `save` wrote."""
        with np.load(path) as file:
            about = json.loads(str(file["about"]))
            tracks = [
                Track(
                    landmarks=file[f"landmarks{number}"],
                    score=file[f"score{number}"],
                    thumbnail=file[f"thumbnail{number}"].tobytes(),
                    **known,
                )
                for number, known in enumerate(about["tracks"])
            ]
            sound = file["sound"].astype(np.float32) / 32767
            thumbnail = file["thumbnail"].tobytes()
        return cls(sound, tuple(tracks), about["frames"], about["cuts"], about["problem"], thumbnail)


def load_thumbnail(path: Path, track: int) -> bytes:
    """The JPEG of one track of saved footage, or of the first frame if `track` is -1; reads nothing else."""
    with np.load(path) as file:
        content: bytes = file["thumbnail" if track < 0 else f"thumbnail{track}"].tobytes()
    return content
