"""A voice recording that can be read any number of times, in blocks and in constant memory."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import av
import numpy as np
import soxr

from sonic.errors import AudioError, AudioTooShortError, NoAudioTrackError, SilentAudioError
from sonic.media.container import open_container
from sonic.media.decoding import sound_frames
from sonic.media.source import FileInput, describe, is_file_input, locate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import numpy.typing as npt

    Samples: TypeAlias = npt.NDArray[np.float32]

AudioInput: TypeAlias = "AudioSource | FileInput | npt.NDArray[Any] | tuple[npt.NDArray[Any], int]"

SPEECH_RATE = 16_000  # Hz, of everything that listens
SHORTEST = 0.2  # seconds; less holds no syllable
SILENCE = 1e-3  # peak amplitude, -60 dB of full scale
GATE, GATE_SECONDS = 0.01, 0.4  # blocks 20 dB below the mean are pauses; a block holds a word
RATES = (4_000, 384_000)  # Hz
_FORMATS = "save it as WAV, MP3, FLAC, M4A or OGG"


@dataclass(frozen=True)
class AudioInfo:
    """What a recording is: length in seconds, rate in Hz, channels, peak (1 = full scale), loudness in dB.

    The loudness is that of the parts with sound: long pauses do not make a recording quieter.
    """

    duration: float
    sample_rate: int
    channels: int
    peak: float
    loudness: float


class Reader(Protocol):
    """Where samples come from; `channels` and `sample_rate`, Hz, are those of the recording."""

    @property
    def sample_rate(self) -> int:
        """Samples a second."""

    @property
    def channels(self) -> int:
        """How many channels there are."""

    def blocks(self, channels: int) -> Iterator[Samples]:
        """All samples from the start in blocks `[n, channels]` of any length."""


class AudioSource:
    """A recording, opened with `AudioSource.open`; every reading starts it anew.

    Samples are float32 with full scale at 1. What encoders put before the first and after the last sample
    is cut off, so that time runs as in the original. `content` is the file or the samples that were opened.
    """

    def __init__(self, reader: Reader, name: str, content: Any = None) -> None:
        self._reader = reader
        self.content = content
        self.name = name

    @classmethod
    def open(cls, source: AudioInput, sample_rate: int | None = None) -> AudioSource:
        """Open a path, bytes, a binary file object (read at once), `(samples, rate)`, or samples with a rate.

        Sample arrays are `[N]`, `[N, C]` or `[C, N]`, of any integer or float type. Videos give their sound.

        Raises:
            AudioError: there is nothing to read, or samples come without a rate. What is in a file shows
                with `probe`.
        """
        if isinstance(source, AudioSource):
            return source
        if isinstance(source, tuple) and len(source) == 2:
            source, sample_rate = source
        if is_file_input(source):
            name = describe(source)
            content = locate(source, AudioError, "recording")
            return cls(_FileReader(content, name), name, content)
        if hasattr(source, "__array__"):
            samples = np.asarray(source)
            return cls(_ArrayReader(samples, sample_rate), "the given samples", samples)
        raise AudioError(
            f"The audio is of type {type(source).__name__}: "
            "give a path, bytes, a file or (samples, sample_rate)."
        )

    @property
    def channels(self) -> int:
        """How many channels the recording has."""
        return self._reader.channels

    def probe(self) -> AudioInfo:
        """Decode everything once, in constant memory, and say what it is.

        Raises:
            AudioError: not a recording, or corrupt.
            NoAudioTrackError: a file without sound.
            AudioTooShortError: shorter than 0.2 s.
            SilentAudioError: never louder than -60 dB.
        """
        info = self._info
        if info.duration < SHORTEST:
            raise AudioTooShortError(
                f"The recording {self.name} lasts {info.duration:.3f} s: give {SHORTEST} s at least."
            )
        if info.peak < SILENCE:
            raise SilentAudioError(
                f"The recording {self.name} is silent (peak {decibel(info.peak):.0f} dB): "
                f"give one that is louder than {decibel(SILENCE):.0f} dB."
            )
        return info

    def blocks(
        self,
        sample_rate: int = SPEECH_RATE,
        channels: int = 1,
        *,
        block_seconds: float = 1.0,
        duration: float | None = None,
    ) -> Iterator[Samples]:
        """The sound as blocks of `block_seconds` (the last one shorter): `[n]` if mono, else `[n, channels]`.

        With `duration`, exactly `round(duration * sample_rate)` samples come, cut or filled up with silence.
        """
        blocks = _resample(self._reader.blocks(channels), self._reader.sample_rate, sample_rate, channels)
        if duration is not None:
            blocks = _fit(blocks, round(duration * sample_rate), channels)
        for block in _regroup(blocks, max(1, round(block_seconds * sample_rate))):
            yield block[:, 0] if channels == 1 else block

    def read(
        self, sample_rate: int = SPEECH_RATE, channels: int = 1, *, duration: float | None = None
    ) -> Samples:
        """All of `blocks` in one array, for recordings that are known to be short."""
        return np.concatenate([*self.blocks(sample_rate, channels, duration=duration)])

    @cached_property
    def _info(self) -> AudioInfo:
        samples, peak, powers = 0, 0.0, [0.0]
        rate, channels = self._reader.sample_rate, min(2, self._reader.channels)
        for block in _regroup(self._reader.blocks(channels), math.ceil(rate * GATE_SECONDS)):
            if not np.isfinite(block).all():
                raise AudioError(f"The recording {self.name} holds NaN or infinity: {_FORMATS} again.")
            samples += len(block)
            peak = max(peak, float(np.abs(block).max()))
            powers.append(float(np.square(block, dtype=np.float64).mean()))
        return AudioInfo(samples / rate, rate, self._reader.channels, peak, _gated_loudness(powers))


def decibel(amplitude: float) -> float:
    """An amplitude relative to full scale as decibels, never below -120."""
    return 20 * math.log10(max(amplitude, 1e-6))


def _gated_loudness(powers: list[float]) -> float:
    """Decibels of those mean squares that are not far below the mean of all."""
    threshold = GATE * sum(powers) / len(powers)
    loudest = [power for power in powers if power >= threshold]
    return decibel(math.sqrt(sum(loudest) / len(loudest)))


class _ArrayReader:
    """Samples in memory."""

    def __init__(self, samples: npt.NDArray[Any], sample_rate: int | None) -> None:
        if sample_rate is None:
            raise AudioError("Samples need their rate: give (samples, sample_rate) or sample_rate=16000.")
        self.sample_rate = _checked_rate(sample_rate)
        self._samples = _as_float(_as_columns(samples))
        self.channels = self._samples.shape[1]

    def blocks(self, channels: int) -> Iterator[Samples]:
        for start in range(0, len(self._samples), self.sample_rate):
            yield _mix(self._samples[start : start + self.sample_rate], channels)


class _FileReader:
    """The first sound track of a file, decoded by FFmpeg as it is read."""

    def __init__(self, source: Path | bytes, name: str) -> None:
        self._source = source
        self._name = name

    @cached_property
    def _format(self) -> tuple[int, int]:
        with self._open() as container:
            stream = container.streams.audio[0]
            if not stream.codec_context:  # of a codec that nobody knows
                return 0, 0
            return int(stream.rate or 0), int(stream.channels or 0)

    @property
    def sample_rate(self) -> int:
        return self._format[0]

    @property
    def channels(self) -> int:
        return self._format[1]

    def _open(self) -> av.container.InputContainer:
        try:
            container = open_container(self._source)
        except (av.error.FFmpegError, OSError) as error:
            raise AudioError(
                f"The recording {self._name} cannot be decoded, it is damaged or no recording: {_FORMATS}."
            ) from error
        if not container.streams.audio:
            container.close()
            raise NoAudioTrackError(
                f"There is no sound track in {self._name}: give a recording or a video with sound."
            )
        return container

    def blocks(self, channels: int) -> Iterator[Samples]:
        if not RATES[0] <= self.sample_rate <= RATES[1]:
            raise AudioError(
                f"The recording {self._name} has a sample rate of {self.sample_rate} Hz: {_FORMATS} "
                f"with {RATES[0]} to {RATES[1]} Hz."
            )
        resampler = av.AudioResampler("fltp", "mono" if self.channels == 1 else "stereo", self.sample_rate)
        with self._open() as container:
            for frame, samples in sound_frames(container, self._name):
                for same in resampler.resample(frame):
                    yield _mix(_columns(same)[:samples], channels)


def _checked_rate(rate: Any) -> int:
    hertz = float(rate) if isinstance(rate, numbers.Real) else 0.0
    if not RATES[0] <= hertz <= RATES[1]:
        raise AudioError(f"The sample rate is {rate!r}: give {RATES[0]} to {RATES[1]} Hz.")
    return int(hertz)


def _columns(frame: av.AudioFrame) -> Samples:
    return frame.to_ndarray().astype(np.float32, copy=False).T


def _as_columns(samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Samples as `[N, C]`; the shorter axis holds the channels."""
    if samples.ndim == 1:
        return samples[:, None]
    if samples.ndim != 2:
        raise AudioError(f"The samples have shape {list(samples.shape)}: give [N], [N, C] or [C, N].")
    return samples.T if samples.shape[0] < samples.shape[1] else samples


def _as_float(samples: npt.NDArray[Any]) -> Samples:
    kind, bits = samples.dtype.kind, samples.dtype.itemsize * 8
    if kind in "iu":
        samples = samples / 2 ** (bits - 1) - (1 if kind == "u" else 0)
    elif kind != "f":
        raise AudioError(f"The samples are {samples.dtype}: give integers or floats.")
    if not np.isfinite(samples).all():
        raise AudioError("The samples hold NaN or infinity: clean them first, for example with nan_to_num.")
    return samples.astype(np.float32)


def _mix(block: Samples, channels: int) -> Samples:
    """`[n, C]` with as many channels as asked for: averaged for one, copied or cut for more."""
    if block.shape[1] == channels:
        return block
    if channels == 1:
        return np.asarray(block.mean(axis=1, keepdims=True), np.float32)
    return block[:, np.arange(channels) % block.shape[1]]


def _resample(blocks: Iterable[Samples], source: int, target: int, channels: int) -> Iterator[Samples]:
    if source == target:
        yield from blocks
        return
    stream = soxr.ResampleStream(source, target, channels, dtype="float32", quality="HQ")
    for block in blocks:
        yield stream.resample_chunk(np.ascontiguousarray(block))
    yield stream.resample_chunk(np.zeros((0, channels), np.float32), last=True)


def _fit(blocks: Iterable[Samples], count: int, channels: int) -> Iterator[Samples]:
    """Exactly `count` samples: what is too long is cut, what is missing is silence."""
    for block in blocks:
        yield block[:count]
        count -= min(count, len(block))
        if not count:
            return
    while count:
        yield np.zeros((min(count, 1 << 16), channels), np.float32)
        count -= min(count, 1 << 16)


def _regroup(blocks: Iterable[Samples], size: int) -> Iterator[Samples]:
    """The same samples in blocks of `size`; only the last one may be shorter."""
    waiting: list[Samples] = []
    have = 0
    for block in blocks:
        waiting.append(block)
        have += len(block)
        if have >= size:
            joined = np.concatenate(waiting)
            whole = have - have % size
            for start in range(0, whole, size):
                yield joined[start : start + size]
            waiting, have = [joined[whole:]], have - whole
    if have:
        yield np.concatenate(waiting)
