"""Cuts stretches out of sound that streams by, or silences them; holds no more than one stretch."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import numpy as np

from sonic.errors import OutputPathError
from sonic.media.audio import SPEECH_RATE
from sonic.media.treated import treated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sonic.media.audio import AudioSource, Samples

HIGHEST_RATE = 48_000  # Hz, of files
FADE_SECONDS = 0.02  # over which silenced sound goes and comes; a hard edge would click


def cut(blocks: Iterable[Samples], stretches: Iterable[tuple[int, int]]) -> Iterator[Samples]:
    """The samples of each stretch (first, end), shorter where the sound ends before.

    Args:
        blocks: mono sound, [n] of any length.
        stretches: numbers of samples, none beginning before the one before it.
    """
    source = iter(blocks)
    held, first = np.zeros(0, np.float32), 0  # samples from number `first` on
    for start, stop in stretches:
        held, first = _forget(held, first, start)
        while first + len(held) < stop and (block := next(source, None)) is not None:
            held, first = _forget(np.concatenate([held, block]), first, start)
        yield held[: max(0, stop - first)]


def silence(
    blocks: Iterable[Samples], stretches: Sequence[tuple[float, float]], sample_rate: int
) -> Iterator[Samples]:
    """Mono sound in blocks [n] whose stretches, begin and end in seconds and in order, are silent."""
    first = 0
    for block in blocks:
        times = (first + np.arange(len(block))) / sample_rate
        loudness = np.ones(len(block))
        for start, end in stretches:
            if start - FADE_SECONDS < times[-1] and end + FADE_SECONDS > times[0]:
                outside = np.maximum(start - times, times - end) / FADE_SECONDS
                loudness = np.minimum(loudness, np.clip(outside, 0, 1))
        first += len(block)
        yield block * loudness.astype(np.float32)


def silenced(audio: AudioSource, stretches: Sequence[tuple[float, float]]) -> AudioSource:
    """The same recording, one channel at 16 kHz, silent from begin to end, in seconds, of each stretch."""
    return treated(audio, lambda blocks: silence(blocks, stretches, SPEECH_RATE), audio.name)


def _forget(held: Samples, first: int, start: int) -> tuple[Samples, int]:
    """What of the samples from number `first` on is needed when nothing before `start` is asked for."""
    count = min(max(0, start - first), len(held))
    return held[count:], first + count


def write_cuts(audio: AudioSource, folder: Path, cuts: Mapping[str, tuple[float, float]]) -> list[Path]:
    """Write stretches of a recording, by file name in the order of time, as WAV files, 16 bits, one channel.

    Each has the recording's own rate, 48 kHz at most, and appears when it is complete; the folder is made if
    it is missing.

    Raises:
        OutputPathError: the folder cannot be made or written to.
    """
    rate = min(audio.probe().sample_rate, HIGHEST_RATE)
    stretches = [(round(start * rate), round(end * rate)) for start, end in cuts.values()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [
            _write_wav(folder / name, samples, rate)
            for name, samples in zip(cuts, cut(audio.blocks(rate), stretches), strict=True)
        ]
    except OSError as error:
        raise OutputPathError(
            f"Cannot write to '{folder}': {error.strerror}, choose another folder."
        ) from error


def _write_wav(path: Path, samples: Samples, rate: int) -> Path:
    partial = path.with_suffix(".partial")
    with wave.open(str(partial), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())
    partial.replace(path)
    return path
