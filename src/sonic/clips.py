"""Prepared clips: what training learns from and evaluation compares with, read from shards.

A shard is a WebDataset tar; `docs/shards.md` describes it. Arrays are views of the mapped file: clips that
nobody reads cost no memory, and processes that read the same clips share it.
"""

from __future__ import annotations

import io
import json
import mmap
import re
import tarfile
import wave
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sonic.errors import ConfigError
from sonic.motion.resample import interpolate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from sonic.motion.head import Array

    Frames: TypeAlias = npt.NDArray[np.uint8]

FORMAT = 1  # of shards
SAMPLE_RATE = 16_000
SAMPLES_PER_FRAME = SAMPLE_RATE // 25
_PICTURE = re.compile(rb"\xff\xd8\xff")  # a JPEG starts with it, and nothing inside one looks like it


@dataclass(frozen=True)
class Clip:
    """One prepared clip.

    Attributes:
        name: unique, as in the shard.
        person: who speaks.
        source: where the clip comes from.
        motion: motion vectors, [T, dim].
        features: per variant of the sound ("clean" and augmented ones) at 50 Hz, [n, F].
        stretch: per variant how much longer it lasts than the clip.
        start: first frame of `motion`, counted from the start of the sound, moved by the clip's offset.
        members: the clip's other files in the shard, by what follows its name there.
    """

    name: str
    person: str
    source: str
    motion: Array
    features: dict[str, Array]
    stretch: dict[str, float]
    start: float
    members: Mapping[str, bytes | memoryview] = field(default_factory=dict, repr=False)

    @property
    def offset(self) -> float:
        """How late the sound was in the file, frames; `start` has it in already."""
        return float(json.loads(bytes(self.members["json"]))["offset"])

    @property
    def landmarks(self) -> Array:
        """The tracked face, picture pixels, [T, 478, 3]."""
        return array_of(self.members["landmarks.npy"])

    @property
    def mouth(self) -> Array:
        """Lip opening, mouth width and chin height as tracked, IOD, [T, 3]."""
        return array_of(self.members["mouth.npy"])

    @property
    def sound(self) -> Array:
        """Mono at 16 kHz, -1..1, [N]; frame t of `motion` is heard from sample (start + t) * 640 on."""
        with wave.open(io.BytesIO(self.members["sound.wav"])) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples.astype(np.float32) / 32767

    def crops(self, first: int = 0, count: int | None = None) -> Frames:
        """Mouth crops of `count` frames (all if not given) from `first` on, RGB, uint8 [n, 96, 128, 3]."""
        film = self.members["crops.mjpeg"]
        starts = [match.start() for match in _PICTURE.finditer(film)] + [len(film)]
        last = len(starts) - 1 if count is None else min(first + count, len(starts) - 1)
        return np.stack([_picture(film[starts[k] : starts[k + 1]]) for k in range(first, last)])

    def window(self, variant: str, first: int, length: int) -> tuple[Array, Array]:
        """Features [2 n, F] and motion [n, dim] of at most `length` frames from `first` of a variant."""
        stretch = self.stretch[variant]
        frames = np.arange(first, min(first + length, self.length(variant)))
        halves = 2 * (self.start * stretch + frames[:, None]) + np.arange(2)
        features = interpolate(self.features[variant], halves.ravel()).astype(np.float32)
        return features, interpolate(self.motion, frames / stretch)

    def length(self, variant: str) -> int:
        """Frames of a variant."""
        return int(len(self.motion) * self.stretch[variant])


def load_clips(folder: Path, split: str, *, augmented: bool = True) -> list[Clip]:
    """Clips of one split that preparation kept, in the order of their names; an empty list if there are none.

    Args:
        folder: what `sonic train prepare` wrote.
        split: "train", "dev" or "judge".
        augmented: with the disturbed variants of the sound.

    Raises:
        ConfigError: the folder holds no shards, or shards of another format.
    """
    if not any(folder.glob("shards/*.tar")):
        raise ConfigError(f"{folder} holds no shards; make them with: sonic train prepare CLIPS -o {folder}")
    shards = sorted(folder.glob(f"shards/{split}-*.tar"))
    clips = [_clip(members, augmented) for path in shards for members in read_shard(path).values()]
    return sorted(clips, key=lambda clip: clip.name)


def read_shard(path: Path) -> dict[str, dict[str, memoryview]]:
    """Per clip of a shard the bytes of its files, mapped and not read, by what follows its name."""
    with path.open("rb") as file:
        # Copy on write: views can be written to, as torch wants it, and the file stays as it is.
        content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    clips: dict[str, dict[str, memoryview]] = {}
    for name, start, size in _entries(path):
        key, _, kind = name.partition(".")
        clips.setdefault(key, {})[kind] = content[start : start + size]
    return clips


def _entries(path: Path) -> Iterator[tuple[str, int, int]]:
    try:
        with tarfile.open(path, "r:") as shard:
            for entry in shard:
                yield entry.name, entry.offset_data, entry.size
    except tarfile.TarError as error:
        raise ConfigError(f"{path} is damaged ({error}); delete it and prepare the clips again.") from error


def array_of(content: bytes | memoryview) -> Array:
    """The array in the bytes of a NumPy file, without a copy."""
    stream = io.BytesIO(content[:1024])
    np.lib.format.read_magic(stream)
    shape, _, kind = np.lib.format.read_array_header_1_0(stream)
    start, count = stream.tell(), int(np.prod(shape))
    values: Array = np.frombuffer(content, kind, count, start).reshape(shape)
    return values


def _clip(members: dict[str, memoryview], augmented: bool) -> Clip:
    about: dict[str, Any] = json.loads(bytes(members["json"]))
    if about["format"] != FORMAT:
        raise ConfigError(
            f"{about['name']} has shard format {about['format']}, "
            f"this Sonic reads {FORMAT}; prepare it again."
        )
    variants = [name for name in about["stretch"] if augmented or name == "clean"]
    return Clip(
        name=about["name"],
        person=about["person"],
        source=about["source"],
        motion=array_of(members["motion.npy"]),
        features={name: array_of(members[f"features.{name}.npy"]) for name in variants},
        stretch={name: about["stretch"][name] for name in variants},
        start=about["start"],
        members=members,
    )


def _picture(content: bytes | memoryview) -> Frames:
    import cv2

    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
    return np.asarray(picture, np.uint8)
