"""Clips as the sync network sees and hears them: lip points, grey mouth crops and rows of sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np
import numpy.typing as npt
import soxr

from sonic.evaluate.sync import MEL_ROWS, lip_points, loudness, mel_rows, voiced
from sonic.motion.resample import interpolate
from sonic.speech.mel import BANDS, SAMPLE_RATE
from sonic.train.prepare.features import with_noise
from sonic.train.sync.network import PIXELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sonic.clips import Clip
    from sonic.motion.head import Array

Frames = npt.NDArray[np.uint8]

FEATURE_ROWS = 2  # speech features a video frame
_SPEEDS = {"slow": (1.04, 1.18), "fast": (0.84, 0.96)}  # how much longer; pitch changes along
_ROUNDING = 0.5  # frames of sound that may be missing at the end of a recording


@dataclass(frozen=True)
class Sounds:
    """A clip's sound in its variants.

    Attributes:
        rows: per variant, [n, D].
        stretch: per variant how much longer it lasts than the clip.
        rows_per_frame: rows a video frame.
    """

    rows: dict[str, Array]
    stretch: dict[str, float]
    rows_per_frame: int


@dataclass(frozen=True)
class Stretch:
    """Frames of a clip beside their sound; see `SyncBatch` for what each holds."""

    rows: Array
    lips: Array
    crops: Frames
    heard: npt.NDArray[np.bool_]
    loud: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SyncClip:
    """One clip.

    Attributes:
        name: as in the shards.
        person: who speaks.
        source: where it comes from.
        lips: points of LIP_POINTS in the canonical head's frame, eye distances, [T, 50, 3].
        crops: grey mouth crops [T, 48, 64]; [0, 48, 64] where nobody looks at them.
        sounds: what is heard.
        levels: of the recorded sound in each of its video frames, dB, [n].
        start: the clip's first frame in the sound, frames, with its offset corrected.
    """

    name: str
    person: str
    source: str
    lips: Array
    crops: Frames
    sounds: Sounds
    levels: Array
    start: float

    def length(self, variant: str) -> int:
        """Frames of a variant."""
        return int(len(self.lips) * self.sounds.stretch[variant])

    def stretch(self, variant: str, first: int, length: int, *, look: bool = False) -> Stretch:
        """At most `length` frames from `first` of a variant; the picture is resampled to fit the sound.

        Crops come along if `look`.
        """
        ratio, per_frame = self.sounds.stretch[variant], self.sounds.rows_per_frame
        frames = np.arange(first, min(first + length, self.length(variant)))
        rows = per_frame * (self.start * ratio + frames[:, None]) + np.arange(per_frame)
        recorded = self.start + frames / ratio
        heard = (recorded >= -_ROUNDING) & (recorded + 1 <= len(self.levels) + _ROUNDING)
        nearest = np.clip(np.round(recorded).astype(int), 0, len(self.levels) - 1)
        return Stretch(
            interpolate(self.sounds.rows[variant], rows.ravel()).astype(np.float32),
            interpolate(self.lips.reshape(len(self.lips), -1), frames / ratio).reshape(
                -1, *self.lips.shape[1:]
            ),
            blended(self.crops, frames / ratio) if look else self.crops[:0],
            heard,
            voiced(self.levels)[nearest] & heard,
        )


def blended(crops: Frames, times: Array) -> Frames:
    """Crops at fractional frames, each mixed of its neighbours; none where there are none."""
    if not len(crops):
        return crops
    flat = interpolate(crops.reshape(len(crops), -1).astype(np.float32), times)
    return np.round(flat).astype(np.uint8).reshape(-1, *crops.shape[1:])


class FrontEnd(Protocol):
    """How sound becomes rows."""

    dim: int
    rows_per_frame: int

    def sounds(self, clip: Clip) -> Sounds:
        """The clip's sound and its disturbed variants."""


class SpeechFront:
    """The frozen speech encoder's features; each knows up to 4 s of sound around it."""

    dim = 384
    rows_per_frame = FEATURE_ROWS

    def sounds(self, clip: Clip) -> Sounds:
        """The variants that preparation made."""
        return Sounds(clip.features, clip.stretch, self.rows_per_frame)


class MelFront:
    """Log-mel power, which knows 25 ms; disturbed variants are made from the recorded sound."""

    dim = BANDS
    rows_per_frame = MEL_ROWS

    def __init__(self, *, augmented: bool) -> None:
        self.augmented = augmented

    def sounds(self, clip: Clip) -> Sounds:
        """The recorded sound, and noisy, slow and fast ones that the clip's name decides."""
        sound = clip.sound
        rows, stretch = {"clean": mel_rows(sound)}, {"clean": 1.0}
        if not self.augmented:
            return Sounds(rows, stretch, MEL_ROWS)
        rng = np.random.default_rng(list(clip.name.encode()))
        rows["noisy"], stretch["noisy"] = mel_rows(with_noise(sound, rng)), 1.0
        for name, span in _SPEEDS.items():
            played = soxr.resample(sound, SAMPLE_RATE, SAMPLE_RATE * rng.uniform(*span)).astype(np.float32)
            rows[name], stretch[name] = mel_rows(with_noise(played, rng)), len(played) / len(sound)
        return Sounds(rows, stretch, MEL_ROWS)


def sync_clips(clips: Iterable[Clip], front: FrontEnd, *, pixels: bool) -> list[SyncClip]:
    """Clips for the sync network; `pixels` reads their mouth crops as well."""
    return [sync_clip(clip, front, pixels=pixels) for clip in clips]


def sync_clip(clip: Clip, front: FrontEnd, *, pixels: bool) -> SyncClip:
    """One clip for the sync network."""
    return SyncClip(
        clip.name,
        clip.person,
        clip.source,
        lip_points(clip.landmarks),
        grey(clip.crops()) if pixels else np.zeros((0, *PIXELS), np.uint8),
        front.sounds(clip),
        loudness(clip.sound),
        clip.start,
    )


def grey(crops: Frames) -> Frames:
    """Small grey pictures [T, 48, 64] of RGB mouth crops [T, 96, 128, 3]."""
    rows, columns = PIXELS
    small = [
        cv2.resize(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), (columns, rows), interpolation=cv2.INTER_AREA)
        for crop in crops
    ]
    return np.stack(small).astype(np.uint8) if small else np.zeros((0, rows, columns), np.uint8)


def sound_statistics(clips: Sequence[SyncClip]) -> tuple[Array, Array]:
    """Mean and standard deviation of each number of the sound rows, [D] each."""
    rows = [clip.sounds.rows["clean"].astype(np.float64) for clip in clips]
    count = sum(map(len, rows))
    mean = sum(part.sum(0) for part in rows) / count
    power = sum((part**2).sum(0) for part in rows) / count
    spread = np.sqrt(np.maximum(power - mean**2, 1e-6))
    return mean.astype(np.float32), spread.astype(np.float32)
