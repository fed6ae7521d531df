"""Reels: disturbed clips joined to long recordings, with what the speech encoder hears in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr

from sonic.errors import ConfigError
from sonic.speech.encoder import SAMPLES_PER_FEATURE, normalized
from sonic.speech.mel import BANDS, SAMPLE_RATE, MelStream
from sonic.train.prepare.features import decibel, with_noise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sonic.motion.head import Array
    from sonic.speech.encoder import SpeechEncoder

HEARD = 2 * BANDS  # mel numbers that arrive during one feature
_SECONDS = 30.0  # of a reel; the encoder hears clips of a second as words in a great silence otherwise
_TAPE = (0.8, 1.25)  # how much longer the sound gets; pitch changes along
_GAIN = (-18.0, 9.0)  # dB
_MEASURED = 24  # reels
_LONGEST_GAP = 1.5  # seconds of silence between clips
_GAP_SHARE, _TAPE_SHARE, _NOISE_SHARE = 0.3, 0.6, 0.5


class Reels:
    """Recordings on disk; reel k is always the same, so a stopped preparation goes on where it was."""

    def __init__(self, folder: Path) -> None:
        self.paths = sorted(folder.glob("*.npy"))
        self._reels = [np.load(path, mmap_mode="r") for path in self.paths]

    def __len__(self) -> int:
        return len(self._reels)

    def window(self, rng: np.random.Generator, length: int) -> tuple[Array, Array]:
        """Mel [length, 160] and features [length, F] of a stretch drawn at random."""
        reel = self._reels[int(rng.integers(len(self._reels)))]
        first = int(rng.integers(0, len(reel) - length + 1))
        rows = np.asarray(reel[first : first + length], np.float32)
        return rows[:, :HEARD], rows[:, HEARD:]

    def statistics(self) -> tuple[Array, Array]:
        """Mean and standard deviation of mel and features over the first reels, [160 + F] each."""
        rows = np.concatenate([np.asarray(reel, np.float32) for reel in self._reels[:_MEASURED]])
        return rows.mean(0), np.maximum(rows.std(0), 1e-3)


def record_reels(
    sounds: Sequence[Array],
    encoder: SpeechEncoder,
    folder: Path,
    *,
    minutes: float,
    seed: int,
    report: Callable[[str, int, int], None],
) -> Reels:
    """Write the reels that are missing in `folder` until there are `minutes` of them.

    Args:
        sounds: mono clips at 16 kHz.
        encoder: the teacher.
        folder: one file a reel, float16 [n, 160 + F]: two mel frames and the feature they belong to.
        minutes: of sound in all.
        seed: of order and disturbances.
        report: called with the stage, what is done and what there is to do.

    Raises:
        ConfigError: the clips hold no sound.
    """
    if sum(map(len, sounds)) < SAMPLE_RATE:
        raise ConfigError("The train split has less than a second of sound: prepare more clips.")
    folder.mkdir(parents=True, exist_ok=True)
    count = max(1, round(minutes * 60 / _SECONDS))
    for index in range(count):
        path = folder / f"{index:05d}.npy"
        if not path.exists():
            reel = make_reel(sounds, encoder, np.random.default_rng([seed, index]))
            partial = path.with_suffix(".partial")
            with partial.open("wb") as file:
                np.save(file, reel)
            partial.replace(path)
        report("reels", index + 1, count)
    return Reels(folder)


def make_reel(sounds: Sequence[Array], encoder: SpeechEncoder, rng: np.random.Generator) -> Array:
    """One reel as `record_reels` writes it."""
    pieces: list[Array] = []
    while sum(map(len, pieces)) < _SECONDS * SAMPLE_RATE:
        if rng.random() < _GAP_SHARE:
            pieces.append(np.zeros(int(rng.uniform(0, _LONGEST_GAP) * SAMPLE_RATE), np.float32))
        pieces.append(disturbed(sounds[int(rng.integers(len(sounds)))], rng))
    sound = np.concatenate(pieces)[: int(_SECONDS * SAMPLE_RATE)]
    return heard_and_meant(sound, encoder.encode(sound)).astype(np.float16)


def heard_and_meant(sound: Array, features: Array) -> Array:
    """Mel frames in pairs beside the features of the same 20 ms, [n, 160 + F]."""
    count = -(-len(sound) // SAMPLES_PER_FEATURE)
    stream = MelStream()
    mel = normalized(np.concatenate([stream.push(sound), stream.finish(len(sound))]))
    mel = np.pad(mel, ((0, 2 * count - len(mel)), (0, 0)), mode="edge")
    return np.concatenate([mel.reshape(count, HEARD), features], axis=1)


def disturbed(sound: Array, rng: np.random.Generator) -> Array:
    """The sound as another speaker, room and microphone might have given it, or as it is."""
    if rng.random() < _TAPE_SHARE:
        sound = soxr.resample(sound, SAMPLE_RATE, SAMPLE_RATE * rng.uniform(*_TAPE))
    if rng.random() < _NOISE_SHARE:
        sound = with_noise(sound, rng)
    return np.clip(sound * decibel(rng.uniform(*_GAIN)), -1, 1).astype(np.float32)
