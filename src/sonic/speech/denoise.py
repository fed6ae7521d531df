"""Takes noise out of speech of any length in constant memory, in step with it to the sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.inference import load_asset
from sonic.media.audio import SPEECH_RATE
from sonic.media.treated import treated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from sonic.media.audio import AudioSource

SAMPLE_RATE = SPEECH_RATE
FRAME, HOP = 512, 128  # samples
_OVERLAP = FRAME // HOP
_BATCH = 256  # frames that one call of a network takes; bounds the memory that a long block needs
_MEMORY = (4, 1, 128)
RESIDUE = 0.3  # share of the noise that speech recognisers, ours too, do better with than without


class Denoiser:
    """DTLN: one network weighs the spectrum, a second one the waveform (Westhausen and Meyer 2020).

    It keeps speech of any voice, so a second speaker stays; hiss, hum, traffic and most of music go. About
    0.5 s for a minute of sound on one core. Used live it lags 24 ms behind; here every sample of the output
    stands where it stood in the input.
    """

    sample_rate = SAMPLE_RATE

    def __init__(self, *, device: str = "cpu", threads: int = 1) -> None:
        self._spectrum = load_asset("denoiser_spectrum.onnx", device=device, threads=threads)
        self._signal = load_asset("denoiser_signal.onnx", device=device, threads=threads)

    def clean(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mono samples float32 [N] at 16 kHz in -1..1 without noise, [N]."""
        blocks = list(self.stream([samples]))
        return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)

    def stream(
        self, blocks: Iterable[NDArray[np.float32]], *, residue: float = 0.0
    ) -> Iterator[NDArray[np.float32]]:
        """The same for sound in blocks [n] of any length; as many samples come out, however it is cut.

        A share of the noise, `residue` in 0..1, may be left in. What comes out is up to 32 ms behind what
        went in.
        """
        memories = [np.zeros(_MEMORY, np.float32) for _ in range(2)]
        pending = np.zeros(FRAME - HOP, np.float32)  # the sound begins in the last quarter of the first frame
        tail = np.zeros((_OVERLAP - 1, HOP), np.float32)
        late, missing = FRAME - HOP, 0  # samples that lie before the sound, that have not come out yet
        for block, sounding in _closed(blocks):
            missing += sounding
            pending = np.concatenate([pending, block])
            for frames in _frames(pending):
                cleaned = self._clean_frames(frames, memories) * np.float32(1 - residue)
                summed, tail = _overlap_add(cleaned + frames * np.float32(residue / _OVERLAP), tail)
                ready = summed[late:][:missing]
                late = max(0, late - len(summed))
                missing -= len(ready)
                if len(ready):
                    yield ready
            pending = pending[len(pending) - _kept(len(pending)) :]

    def _clean_frames(
        self, frames: NDArray[np.float32], memories: list[NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """Frames [T, 512] without noise; the networks' memories are brought up to date."""
        spectra = np.fft.rfft(frames, axis=1)
        mask, memories[0] = self._spectrum(np.abs(spectra).astype(np.float32), memories[0])
        masked = np.fft.irfft(spectra * mask, axis=1).astype(np.float32)
        cleaned, memories[1] = self._signal(masked, memories[1])
        return cleaned


def _closed(blocks: Iterable[NDArray[np.float32]]) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Each block with its length; then silence, counted as 0, that brings out what the last frames hold."""
    yield from ((block, len(block)) for block in blocks)
    yield np.zeros(FRAME, np.float32), 0


def _kept(length: int) -> int:
    """Samples that are part of frames to come, out of `length` waiting ones."""
    return length if length < FRAME else (length - FRAME) % HOP + FRAME - HOP


def _frames(samples: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """All whole frames [n, 512] of samples, some at a time."""
    if len(samples) < FRAME:
        return
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    for first in range(0, len(frames), _BATCH):
        yield frames[first : first + _BATCH]


def _overlap_add(
    frames: NDArray[np.float32], tail: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The samples that frames [T, 512] complete, [128 T], and sums for later, after those of before."""
    sums = np.concatenate([tail, np.zeros((len(frames), HOP), np.float32)])
    parts = frames.reshape(len(frames), _OVERLAP, HOP)
    for part in range(_OVERLAP):
        sums[part : part + len(frames)] += parts[:, part]
    return sums[: len(frames)].ravel(), sums[len(frames) :]


def cleaned(audio: AudioSource) -> AudioSource:
    """The same recording without noise, as long, one channel at 16 kHz; it is cleaned whenever it is read."""
    return treated(audio, Denoiser().stream, f"{audio.name} without noise")
