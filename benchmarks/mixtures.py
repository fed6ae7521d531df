"""Sounds that the audio benchmarks mix: noise of four kinds under a voice, and voices that take turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonic.media.audio import AudioSource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    Sound = npt.NDArray[np.float32]

RATE = 16_000
STEP = RATE // 100  # samples of a frame in which somebody speaks or not
NOBODY = -1
KINDS = ("babble", "street", "music", "white")
_SPEAKERS_OF_BABBLE = 6
_CHORDS = ((220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (261.6, 329.6, 392.0), (196.0, 246.9, 293.7))
_BEAT = 0.4  # seconds
_TURN, _PAUSE = (1.5, 4.0), (0.1, 0.6)  # seconds
_BRIDGED = 25  # frames; a pause of less is part of speech
_ROOM = 3e-4  # amplitude of the air between turns


def read_voices(folder: Path, longest: float) -> dict[str, Sound]:
    """The beginning of every recording in a folder, mono at 16 kHz, by name."""
    return {
        path.stem: AudioSource.open(path).read(RATE)[: round(longest * RATE)]
        for path in sorted(folder.iterdir())
        if path.is_file()
    }


def level(sound: Sound) -> float:
    """Root mean square of the parts that are not far below the mean."""
    power = np.square(sound[: len(sound) // 512 * 512].reshape(-1, 512)).mean(axis=1)
    return float(np.sqrt(power[power > 0.01 * power.mean()].mean()))


def mix(voice: Sound, noise: Sound, decibels: float) -> Sound:
    """The voice that many decibels above the noise, scaled down if it would clip."""
    mixed = voice + noise / noise.std() * level(voice) * 10 ** (-decibels / 20)
    return (mixed / max(1.0, float(np.abs(mixed).max()))).astype(np.float32)


def make_noise(kind: str, length: int, others: Sequence[Sound], seed: int) -> Sound:
    """`length` samples of noise; babble is made of some of the other voices."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    made = {"babble": _babble, "street": _street, "music": _music, "white": _white}[kind](length, others, rng)
    return made.astype(np.float32)


@dataclass(frozen=True)
class Dialogue:
    """Voices in turn.

    Attributes:
        sound: mono at 16 kHz.
        speaking: number of the voice in each 10 ms, -1 for nobody, also in the pauses within a turn.
        edges: frames of 10 ms at which turns begin and end.
    """

    sound: Sound
    speaking: npt.NDArray[np.int64]
    edges: tuple[int, ...]


def take_turns(voices: Sequence[Sound], rng: np.random.Generator) -> Dialogue:
    """Voices in turn at one level, until one of them ends."""
    parts, labels, edges, place = [], [], [0], [0] * len(voices)
    heard = [speech_frames(voice) for voice in voices]
    who = int(rng.integers(len(voices)))
    while True:
        length = round(rng.uniform(*_TURN) * RATE / STEP) * STEP
        piece = voices[who][place[who] :][:length]
        if len(piece) < length:
            return Dialogue(
                np.concatenate(parts).astype(np.float32), np.concatenate(labels), tuple(edges[:-1])
            )
        pause = round(rng.uniform(*_PAUSE) * RATE / STEP) * STEP
        parts += [piece / level(voices[who]) * 0.1, rng.standard_normal(pause) * _ROOM]
        own = heard[who][place[who] // STEP :][: length // STEP]
        labels += [np.where(own, who, NOBODY), np.full(pause // STEP, NOBODY)]
        edges += [edges[-1] + length // STEP, edges[-1] + (length + pause) // STEP]
        place[who] += length
        who = (who + 1) % len(voices)


def speech_frames(voice: Sound) -> npt.NDArray[np.bool_]:
    """Which 10 ms of a voice hold speech: well above its own background, short pauses bridged."""
    power = np.square(voice[: len(voice) // STEP * STEP].reshape(-1, STEP)).mean(axis=1)
    threshold = max(1e-3 * np.percentile(power, 95), 10 * np.percentile(power, 5))
    return np.convolve((power > threshold).astype(float), np.ones(_BRIDGED), "same") > 0.5


def _babble(length: int, others: Sequence[Sound], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    chosen = rng.choice(len(others), min(_SPEAKERS_OF_BABBLE, len(others)), replace=False)
    return np.sum(
        [np.roll(np.resize(others[k], length), rng.integers(length)) / level(others[k]) for k in chosen],
        axis=0,
    )


def _street(length: int, _: Sequence[Sound], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Brownish noise that swells as cars pass, and a horn now and then."""
    hertz = np.maximum(np.fft.rfftfreq(length, 1 / RATE), 20)
    sound = np.fft.irfft(np.fft.rfft(rng.standard_normal(length)) / hertz**0.8, length)
    time = np.arange(length) / RATE
    sound *= (0.6 + 0.4 * np.sin(2 * np.pi * time / rng.uniform(2, 5) + rng.uniform(0, 6))) / sound.std()
    for _horn in range(max(1, length // (3 * RATE))):
        start = int(rng.integers(max(1, length - RATE // 2)))
        blow = np.sign(np.sin(2 * np.pi * rng.uniform(300, 600) * time[: min(RATE // 2, length - start)]))
        sound[start : start + len(blow)] += 0.7 * blow * np.hanning(len(blow))
    return sound


def _music(length: int, _: Sequence[Sound], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Chords, a bass drum on every beat and a snare on every second one."""
    sound = np.zeros(length)
    for beat, start in enumerate(range(0, length, round(_BEAT * RATE))):
        time = np.arange(min(round(1.5 * _BEAT * RATE), length - start)) / RATE
        tones = [
            np.sin(2 * np.pi * hertz * harmonic * (1 + beat % 2) * time) / harmonic
            for hertz in _CHORDS[beat // 4 % 4]
            for harmonic in range(1, 7)
        ]
        drum = 2 * np.exp(-6 * time) * np.sin(2 * np.pi * 60 * time)
        snare = beat % 2 * np.exp(-20 * time) * rng.standard_normal(len(time))
        sound[start : start + len(time)] += np.exp(-3 * time) * np.sum(tones, axis=0) + drum + snare
    return sound


def _white(length: int, _: Sequence[Sound], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    return rng.standard_normal(length)
