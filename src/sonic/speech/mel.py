"""Log-mel spectrogram of 16 kHz sound as Whisper expects it, in pieces of any size."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from sonic.media.audio import SPEECH_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE = SPEECH_RATE
WINDOW = 400  # samples, 25 ms
HOP = 160  # samples, 10 ms
BANDS = 80
SMALLEST_POWER = 1e-10
BATCH = 512  # frames transformed at once; bounds the memory that a long block takes


class MelStream:
    """Mel frames of a sound that arrives in blocks; frame k is centred on sample 160 k.

    Every frame is the same however the sound is cut into blocks.
    """

    def __init__(self) -> None:
        self._pending = np.zeros(0, np.float32)
        self._started = False

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """The log10 mel power, float32 [n, 80], of the frames that `samples` [m] completes."""
        self._pending = np.concatenate([self._pending, samples.astype(np.float32, copy=False)])
        if not self._started:
            if len(self._pending) <= WINDOW // 2:
                return np.zeros((0, BANDS), np.float32)
            # The sound is mirrored at its start, so that the first frame is a full one.
            self._pending = np.concatenate([self._pending[WINDOW // 2 : 0 : -1], self._pending])
            self._started = True
        return self._take_frames()

    def finish(self, total: int) -> NDArray[np.float32]:
        """The frames that are left when the sound, `total` samples long, goes on as silence."""
        rest = np.zeros(-total % HOP + WINDOW // 2, np.float32)
        frames = self.push(rest)
        return frames[:-1]  # the last one is centred behind the end

    def _take_frames(self) -> NDArray[np.float32]:
        if len(self._pending) < WINDOW:
            return np.zeros((0, BANDS), np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(self._pending, WINDOW)[::HOP]
        self._pending = self._pending[len(frames) * HOP :]
        return np.concatenate([_log_mel(frames[k : k + BATCH]) for k in range(0, len(frames), BATCH)])


def mel_power(frames: NDArray[np.float32], bands: int = BANDS) -> NDArray[np.float32]:
    """Power in mel bands, float32 [n, bands], of frames [n, 400]."""
    power = np.abs(np.fft.rfft(frames * _hann(), axis=1)).astype(np.float32) ** 2
    return np.asarray(power @ mel_filters(bands).T, dtype=np.float32)


def _log_mel(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.log10(np.maximum(mel_power(frames), SMALLEST_POWER)), dtype=np.float32)


@cache
def mel_filters(bands: int = BANDS) -> NDArray[np.float32]:
    """Slaney's mel filter bank, float32 [bands, 201]: triangles of equal area up to 8 kHz."""
    frequencies = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)
    edges = _mel_to_hertz(np.linspace(0, _hertz_to_mel(SAMPLE_RATE / 2), bands + 2))
    rising = (frequencies - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - frequencies) / np.diff(edges)[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return (triangles * (2 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


@cache
def _hann() -> NDArray[np.float32]:
    return np.hanning(WINDOW + 1)[:-1].astype(np.float32)


# Slaney's scale is linear up to 1 kHz (15 mel) and logarithmic above.
_LINEAR_STEP = 200 / 3
_LOG_STEP = np.log(6.4) / 27


def _hertz_to_mel(frequency: float) -> float:
    if frequency < 1000:
        return frequency / _LINEAR_STEP
    return float(15 + np.log(frequency / 1000) / _LOG_STEP)


def _mel_to_hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel < 15, mel * _LINEAR_STEP, 1000 * np.exp(_LOG_STEP * (mel - 15)))
