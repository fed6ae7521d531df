"""Speech features of training clips, as recorded and in disturbed variants."""

from __future__ import annotations

import zlib
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import soxr

from sonic.clips import SAMPLE_RATE, SAMPLES_PER_FRAME
from sonic.speech.encoder import SpeechEncoder
from sonic.train.prepare.tracks import Footage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sonic.motion.head import Array
    from sonic.train.prepare.index import PreparedClip

_TAPE_SPEEDS = {"slow": (1.06, 1.18), "fast": (0.84, 0.94)}  # how much longer; pitch changes along
_TAPE_GAIN = (-9.0, 6.0)  # dB
_NOISE_GAIN = (-15.0, 6.0)
_NOISE_RATIO = (3.0, 25.0)  # dB, speech over noise
_EQUALISER = (-9.0, 6.0)
_EQUALISER_POINTS = 6
_TOGETHER = 24 * 25  # frames of short clips that are encoded back to back
_NOISE_SLOPES = (0.0, 0.5, 1.0)  # white, pinkish, brownish


@cache
def speech_encoder() -> SpeechEncoder:
    """The speech encoder of this process."""
    return SpeechEncoder()


def together(clips: Sequence[PreparedClip]) -> list[tuple[PreparedClip, ...]]:
    """Clips of one person and split, together about as long as a long clip."""
    groups: list[tuple[PreparedClip, ...]] = []
    for clip in sorted(clips, key=lambda clip: (clip.person, clip.name)):
        last = groups[-1] if groups else ()
        full = sum(other.frames for other in last) > _TOGETHER
        if not last or full or last[0].person != clip.person:
            groups.append((clip,))
        else:
            groups[-1] = (*last, clip)
    return groups


def hear_clips(group: tuple[PreparedClip, ...], folder: Path, seed: int) -> int:
    """Write `folder/features/NAME.npz` for each clip of a group that has none; returns how many it has.

    The disturbances are drawn from the seed and the group's first name, no matter who does it and when.
    """
    paths = [folder / "features" / f"{clip.name}.npz" for clip in group]
    if not all(path.exists() for path in paths):
        sounds = [_sound(clip, folder) for clip in group]
        rng = np.random.default_rng([seed, zlib.crc32(group[0].name.encode())])
        for path, arrays in zip(paths, encode_variants(sounds, speech_encoder(), rng), strict=True):
            if not path.exists():
                save_arrays(path, arrays)
    return len(group)


def _sound(clip: PreparedClip, folder: Path) -> Array:
    footage = Footage.load(folder / "tracks" / f"{clip.video}.npz")
    return footage.sound_of(clip.start, clip.frames)[0]


def save_arrays(path: Path, arrays: dict[str, Any]) -> None:
    """Write arrays as one NumPy archive that appears when it is complete."""
    partial = path.with_suffix(".partial.npz")
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(partial, **arrays)
    partial.replace(path)


def load_features(path: Path) -> tuple[dict[str, Array], dict[str, float]]:
    """Features per variant, half precision at 50 Hz, and how much longer than the clip each variant lasts."""
    with np.load(path) as file:
        variants = [name for name in file.files if not name.endswith("_ratio")]
        stretch = {
            name: float(file[f"{name}_ratio"]) if f"{name}_ratio" in file.files else 1.0 for name in variants
        }
        return {name: file[name] for name in variants}, stretch


def encode_variants(
    sounds: Sequence[Array], encoder: SpeechEncoder, rng: np.random.Generator
) -> list[dict[str, Array]]:
    """Features at 50 Hz of clips at 16 kHz: "clean", "noisy", "slow" and "fast", half precision.

    A variant that lasts longer or shorter than its clip comes with its ratio, "slow_ratio" and "fast_ratio".
    """
    variants = [{"clean": features} for features in encode_together(sounds, encoder)]
    noisy = [with_noise(sound, rng) for sound in sounds]
    for variant, features in zip(variants, encode_together(noisy, encoder), strict=True):
        variant["noisy"] = features
    for name, span in _TAPE_SPEEDS.items():
        _add_tape(variants, name, sounds, encoder, ratio=rng.uniform(*span), gain=rng.uniform(*_TAPE_GAIN))
    return variants


def _add_tape(
    variants: list[dict[str, Array]],
    name: str,
    sounds: Sequence[Array],
    encoder: SpeechEncoder,
    *,
    ratio: float,
    gain: float,
) -> None:
    played = [soxr.resample(sound, SAMPLE_RATE, SAMPLE_RATE * ratio) * decibel(gain) for sound in sounds]
    for variant, sound, tape, features in zip(
        variants, sounds, played, encode_together(played, encoder), strict=True
    ):
        variant[name] = features
        variant[f"{name}_ratio"] = np.array(len(tape) / len(sound), np.float32)


def encode_together(sounds: Sequence[Array], encoder: SpeechEncoder) -> list[Array]:
    """Features of several clips encoded back to back.

    Clips of a second or two would otherwise be heard as words in a great silence, which speech never is.
    """
    frames = [-(-len(sound) // SAMPLES_PER_FRAME) for sound in sounds]
    padded = [
        np.pad(sound, (0, count * SAMPLES_PER_FRAME - len(sound)))
        for sound, count in zip(sounds, frames, strict=True)
    ]
    features = encoder.encode(np.concatenate(padded).astype(np.float32)).astype(np.float16)
    ends = 2 * np.cumsum(frames)
    return [features[end - 2 * count : end] for end, count in zip(ends, frames, strict=True)]


def with_noise(sound: Array, rng: np.random.Generator) -> Array:
    """The sound through another microphone in another room: equalised, quieter or louder, with noise."""
    played = equalise(sound, rng)
    noise = coloured_noise(len(sound), rng)
    level = (played.std() + 1e-5) * decibel(-rng.uniform(*_NOISE_RATIO))
    return ((played + noise * level) * decibel(rng.uniform(*_NOISE_GAIN))).astype(np.float32)


def equalise(sound: Array, rng: np.random.Generator) -> Array:
    """The sound with its frequencies weighted at random, more finely for the low ones."""
    spectrum = np.fft.rfft(sound)
    points = np.linspace(0, 1, _EQUALISER_POINTS) ** 2
    gains = np.interp(np.linspace(0, 1, len(spectrum)), points, rng.uniform(*_EQUALISER, _EQUALISER_POINTS))
    return np.fft.irfft(spectrum * 10 ** (gains / 20), len(sound)).astype(np.float32)


def coloured_noise(length: int, rng: np.random.Generator) -> Array:
    """Noise of unit spread, white to brown, [length]."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    frequency = np.maximum(np.arange(len(spectrum)), 1)
    noise = np.fft.irfft(spectrum / frequency ** rng.choice(_NOISE_SLOPES), length)
    return (noise / (noise.std() + 1e-6)).astype(np.float32)


def decibel(gain: float) -> float:
    """Amplitude factor of a gain in dB."""
    return float(10 ** (gain / 20))
