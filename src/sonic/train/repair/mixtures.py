"""Mixtures: clips joined to longer recordings, with what is heard in them with noise and without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonic.config import GenerateConfig
from sonic.driver import Driver
from sonic.errors import ConfigError
from sonic.media.audio import AudioSource
from sonic.speech.denoise import RESIDUE, Denoiser
from sonic.speech.encoder import SAMPLES_PER_FEATURE
from sonic.speech.mel import SAMPLE_RATE
from sonic.train.prepare.features import decibel
from sonic.train.repair.noises import draw_noise, unit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sonic.motion.head import Array
    from sonic.speech.encoder import SpeechEncoder

_SECONDS = 10.0  # of a mixture
_RATIO = (-2.0, 16.0)  # dB, speech over noise
_LEVEL = 0.1  # of the speech


class Mixtures:
    """Mixtures on disk; mixture k is always the same, so a stopped preparation goes on where it was."""

    def __init__(self, folder: Path) -> None:
        self._rows = [np.load(path, mmap_mode="r") for path in sorted(folder.glob("*.npy"))]

    def __len__(self) -> int:
        return len(self._rows)

    def window(self, rng: np.random.Generator, length: int) -> tuple[Array, Array]:
        """Features heard in noise and without, each [length, F], of a stretch drawn at random."""
        rows = self._rows[int(rng.integers(len(self._rows)))]
        first = int(rng.integers(0, max(1, len(rows) - length + 1)))
        both = np.asarray(rows[first : first + length], np.float32)
        both = np.pad(both, ((0, length - len(both)), (0, 0)), mode="edge")
        heard, clean = np.split(both, 2, axis=1)
        return heard, clean

    def statistics(self) -> tuple[Array, Array]:
        """Mean and standard deviation of clean features, [F] each."""
        clean = np.concatenate([np.split(np.asarray(rows, np.float32), 2, axis=1)[1] for rows in self._rows])
        return clean.mean(0), np.maximum(clean.std(0), 1e-3)


@dataclass(frozen=True)
class Speech:
    """Clips, mono at 16 kHz, by person."""

    people: Mapping[str, Sequence[Array]]

    def draw(self, rng: np.random.Generator) -> tuple[Array, list[Array]]:
        """About ten seconds of one person, and the clips of all others."""
        names = sorted(self.people)
        chosen = names[int(rng.integers(len(names)))]
        own = self.people[chosen]
        pieces: list[Array] = []
        while sum(map(len, pieces)) < _SECONDS * SAMPLE_RATE:
            pieces.append(unit(own[int(rng.integers(len(own)))]))
        others = [clip for name in names if name != chosen for clip in self.people[name]]
        return np.concatenate(pieces)[: int(_SECONDS * SAMPLE_RATE)] * np.float32(_LEVEL), others


def record_mixtures(
    speech: Speech,
    encoder: SpeechEncoder,
    folder: Path,
    *,
    minutes: float,
    seed: int,
    report: Callable[[str, int, int], None],
) -> Mixtures:
    """Write the mixtures that are missing in `folder` until there are `minutes` of them.

    Args:
        speech: who speaks; two people at least.
        encoder: what hears them.
        folder: one file a mixture, float16 [n, 2 F]: features heard in noise and without.
        minutes: in all.
        seed: of choice and noise.
        report: called with the stage, what is done and what there is to do.

    Raises:
        ConfigError: fewer than two people speak.
    """
    if len(speech.people) < 2:
        raise ConfigError(f"The train split has {len(speech.people)} people: babble needs 2 at least.")
    folder.mkdir(parents=True, exist_ok=True)
    count = max(1, round(minutes * 60 / _SECONDS))
    for index in range(count):
        path = folder / f"{index:05d}.npy"
        if not path.exists():
            partial = path.with_suffix(".partial")
            with partial.open("wb") as file:
                np.save(file, make_mixture(speech, encoder, np.random.default_rng([seed, index])))
            partial.replace(path)
        report("mixtures", index + 1, count)
    return Mixtures(folder)


def make_mixture(speech: Speech, encoder: SpeechEncoder, rng: np.random.Generator) -> Array:
    """One mixture as `record_mixtures` writes it: on the road that `generate` takes, up to the repair."""
    clean, others = speech.draw(rng)
    noise = draw_noise(len(clean), others, rng) * np.float32(clean.std() * decibel(-rng.uniform(*_RATIO)))
    heard, wanted = (
        np.concatenate(list(encoder.stream(_driving(sound, denoised=denoised))))
        for sound, denoised in ((clean + noise, True), (clean, False))
    )
    return np.concatenate([heard, wanted], axis=1).astype(np.float16)


def _driving(sound: Array, *, denoised: bool) -> list[Array]:
    sound = sound[: len(sound) // SAMPLES_PER_FEATURE * SAMPLES_PER_FEATURE]
    audio = AudioSource.open((sound, SAMPLE_RATE))
    driver = Driver.of(audio, audio.probe(), GenerateConfig())
    level = driver.sound(len(sound) / SAMPLE_RATE)
    return list(Denoiser().stream(level, residue=RESIDUE) if denoised else level)
