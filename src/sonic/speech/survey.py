"""Listens to a whole recording once: when somebody speaks, how loud, above which noise, how brightly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonic.speech.activity import SAMPLE_RATE, Span, VoiceActivity, speech_spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

SPOKEN = 0.5  # chance of speech from which on a frame counts as speech
LEAST_SPEECH = 0.5  # seconds; from less nothing is concluded
CLEANEST = 60.0  # dB; a better ratio makes no difference to anybody
_QUIETEST = 10  # percentile of the frames' power that is taken for the noise
_MUTED = 1e-9  # mean square, -90 dB; editors and codecs write nothing there, rooms are never as quiet
_DULL_FROM = 1500.0  # Hz; above it lie the sounds that tell consonants apart


@dataclass(frozen=True)
class Survey:
    """How a recording sounds.

    Attributes:
        duration: seconds.
        speech: stretches in which somebody speaks.
        speech_level: mean level where somebody speaks, without the noise, dB of full scale.
        noise_level: level of what never stops, dB of full scale.
        brightness: level of speech above 1.5 kHz relative to all of it, dB; clear voices have -8 to -20.
    """

    duration: float
    speech: tuple[Span, ...]
    speech_level: float
    noise_level: float
    brightness: float

    @property
    def seconds_of_speech(self) -> float:
        """How long somebody speaks."""
        return sum(span.duration for span in self.speech)

    @property
    def has_speech(self) -> bool:
        """Whether there is enough speech to say anything about it; singing to loud music often is none."""
        return self.seconds_of_speech >= LEAST_SPEECH

    @property
    def ratio(self) -> float:
        """Signal-to-noise ratio in dB, 60 at most."""
        return min(self.speech_level - self.noise_level, CLEANEST)


def survey(blocks: Iterable[NDArray[np.float32]]) -> Survey:
    """Hear mono sound at 16 kHz in blocks [n] of any length; what is kept grows by 1.3 MB an hour.

    The noise is taken to be as loud as the quietest tenth of the recording, which holds for steady noise
    within half a decibel, and for babble, traffic and music within three.
    """
    samples = 0

    def counted() -> Iterator[NDArray[np.float32]]:
        nonlocal samples
        for block in blocks:
            samples += len(block)
            yield block

    activity = VoiceActivity()
    chances, powers, highs = [], [], []
    for frames, chance in activity.frames(counted()):
        power, high = frame_powers(frames)
        chances.append(chance)
        powers.append(power)
        highs.append(high)
    joined = (np.concatenate(rows) if rows else np.zeros(0, np.float32) for rows in (chances, powers, highs))
    return conclude(*joined, duration=samples / SAMPLE_RATE)


def conclude(
    chances: NDArray[np.float32], powers: NDArray[np.float32], highs: NDArray[np.float32], *, duration: float
) -> Survey:
    """A survey from the frames' chance of speech, mean square, and mean square above 1.5 kHz, all [T]."""
    spoken = chances >= SPOKEN
    sounding = powers > _MUTED
    noise = float(np.percentile(powers[sounding], _QUIETEST)) if sounding.any() else 0.0
    loud = float(powers[spoken].mean()) if spoken.any() else float(powers.mean()) if len(powers) else 0.0
    speech = max(loud - noise, 0.05 * loud)  # below -13 dB the noise hides how loud the speech is
    high = float(highs[spoken].mean()) if spoken.any() else loud
    return Survey(
        duration=duration,
        speech=speech_spans(chances, duration),
        speech_level=power_decibel(speech),
        noise_level=power_decibel(noise),
        brightness=power_decibel(high) - power_decibel(loud),
    )


def frame_powers(frames: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean square of frames [n, 512], and of what lies above 1.5 kHz in them."""
    total = np.square(frames).mean(axis=1)
    spectra = np.fft.rfft(frames * _window(frames.shape[1]), axis=1)
    first = round(_DULL_FROM / SAMPLE_RATE * frames.shape[1])
    power = np.abs(spectra) ** 2
    share = power[:, first:].sum(axis=1) / np.maximum(power.sum(axis=1), 1e-12)
    return total, (total * share).astype(np.float32)


def power_decibel(power: float) -> float:
    """A mean square relative to full scale in dB, never below -120."""
    return float(10 * np.log10(max(power, 1e-12)))


def _window(length: int) -> NDArray[np.float32]:
    return np.hanning(length).astype(np.float32)
