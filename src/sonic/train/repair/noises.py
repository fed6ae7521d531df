"""Noise of many kinds, made up or out of other people's speech, to learn to hear through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr

from sonic.speech.mel import SAMPLE_RATE
from sonic.train.prepare.features import coloured_noise, equalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonic.motion.head import Array

_BABBLE, _TONES, _TONES_IN_NOISE, _BABBLE_IN_NOISE = 0.5, 0.13, 0.08, 0.08  # shares; the rest is plain noise
_MOST_VOICES = 8
_TAPE = (0.85, 1.18)  # how much longer a voice of the babble gets
_SCALE = (0, 2, 4, 5, 7, 9, 11, 12)  # half tones
_HIGHEST = 7500.0  # Hz


def draw_noise(length: int, others: Sequence[Array], rng: np.random.Generator) -> Array:
    """Noise of unit spread, [length], out of other people's clips or made up."""
    kind = rng.random()
    if (kind := kind - _BABBLE) < 0:
        sound = babble(length, others, rng)
    elif (kind := kind - _TONES) < 0:
        sound = tones(length, rng)
    elif (kind := kind - _TONES_IN_NOISE) < 0:
        sound = tones(length, rng) + hiss(length, rng) * rng.uniform(0.2, 1)
    elif kind - _BABBLE_IN_NOISE < 0:
        sound = babble(length, others, rng) + hiss(length, rng) * rng.uniform(0.2, 1)
    else:
        sound = hiss(length, rng)
    return unit(sound)


def babble(length: int, others: Sequence[Array], rng: np.random.Generator) -> Array:
    """One to eight voices at about one level."""
    sound = np.zeros(length, np.float32)
    for _ in range(int(rng.integers(1, _MOST_VOICES + 1))):
        voice = others[int(rng.integers(len(others)))]
        voice = np.resize(soxr.resample(voice, SAMPLE_RATE, SAMPLE_RATE * rng.uniform(*_TAPE)), length)
        sound += unit(np.roll(voice, int(rng.integers(length)))) * np.float32(10 ** (rng.normal(0, 2) / 20))
    return unit(sound)


def hiss(length: int, rng: np.random.Generator) -> Array:
    """Coloured noise through a random equaliser; half of it swells and fades."""
    sound = equalise(coloured_noise(length, rng), rng)
    if rng.random() < 0.5:
        points = max(2, int(length / SAMPLE_RATE * rng.uniform(0.3, 4)))
        levels = np.interp(np.arange(length), np.linspace(0, length, points), rng.normal(0, 0.7, points))
        sound = sound * np.exp(levels)
    return unit(sound)


def tones(length: int, rng: np.random.Generator) -> Array:
    """Something like music: notes of a scale with overtones, and drums."""
    sound = np.zeros(length)
    beat, root, start = rng.uniform(0.12, 0.9), rng.uniform(50, 64), 0
    while start < length:
        for _ in range(int(rng.integers(1, 5))):
            _add(sound, start, _note(root + rng.choice(_SCALE) + 12 * rng.integers(-1, 2), rng))
        if rng.random() < 0.5:
            fall = np.exp(-np.arange(3000) / rng.uniform(100, 900))
            _add(sound, start, rng.uniform(0.5, 3) * fall * rng.standard_normal(3000))
        start += int(SAMPLE_RATE * beat * rng.choice([0.5, 1, 1, 2]))
    return unit(sound)


def _note(key: float, rng: np.random.Generator) -> Array:
    """A plucked or blown tone; key 69 is 440 Hz."""
    hertz, fall = 440 * 2 ** ((key - 69) / 12), rng.uniform(0.5, 1.8)
    time = np.arange(int(SAMPLE_RATE * rng.uniform(0.1, 1.5))) / SAMPLE_RATE
    loudness = np.minimum(1, time / 0.01) * np.exp(-rng.uniform(0.5, 8) * time)
    overtones = [n for n in range(1, int(rng.integers(2, 12))) if hertz * n < _HIGHEST]
    waves = [np.sin(2 * np.pi * hertz * n * time + rng.uniform(0, 6)) / n**fall for n in overtones]
    note: Array = loudness * np.sum(waves, axis=0)
    return note


def _add(sound: Array, start: int, part: Array) -> None:
    part = part[: len(sound) - start]
    sound[start : start + len(part)] += part


def unit(sound: Array) -> Array:
    """Sound of unit spread."""
    scaled: Array = (sound / (sound.std() + 1e-6)).astype(np.float32)
    return scaled
