"""Speech features at 50 Hz from a frozen encoder, for sound of any length in constant memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.inference import load_asset
from sonic.speech.mel import BANDS, HOP, SAMPLE_RATE, MelStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

SAMPLES_PER_FEATURE = 2 * HOP
# The features carry a trace of their place in the encoder's window. Short windows of one length, each
# blended into the next, keep that trace the same at every moment of every recording.
WINDOW = 200  # features, 4 s
STEP = WINDOW // 2
# Whisper floors each recording at eight decades below its own peak. A fixed floor, where that of normal
# speech lies, needs no look ahead and does not change with what else is in the recording.
FLOOR = -6.5  # log10 power


class SpeechEncoder:
    """The lower layers of Whisper tiny.en; about 25 ms for a second of sound on one core.

    `encode` and `stream` give the same numbers however the sound is cut into blocks.
    """

    sample_rate = SAMPLE_RATE
    frame_rate = SAMPLE_RATE // SAMPLES_PER_FEATURE
    dim = 384

    def __init__(self, *, device: str = "cpu", threads: int = 1) -> None:
        self._network = load_asset("speech_encoder.onnx", device=device, threads=threads)

    def encode(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features float32 [ceil(N / 320), 384] of mono samples float32 [N] at 16 kHz in -1..1."""
        features = list(self.stream([samples]))
        return np.concatenate(features) if features else np.zeros((0, self.dim), np.float32)

    def stream(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """Features [n, 384] as soon as they are final, at most 4 s behind the sound; see `encode`."""
        fade_in = _fade_in()
        fading = np.zeros((STEP, self.dim), np.float32)
        emitted = -STEP  # the first window begins before the sound, so that every moment lies in two windows
        for window, total in _windows(blocks):
            features = self._network(window)[0]
            ready = fading + features[:STEP] * fade_in
            fading = features[STEP:] * fade_in[::-1]
            first, last = max(0, -emitted), min(STEP, total - emitted)
            emitted += STEP
            if last > first:
                yield ready[first:last]


def _fade_in() -> NDArray[np.float32]:
    return (np.sin(np.pi / 2 * (np.arange(STEP) + 0.5) / STEP) ** 2).astype(np.float32)[:, None]


def _windows(blocks: Iterable[NDArray[np.float32]]) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Mel windows [2 * WINDOW, 80] every STEP features, with the number of features known to exist so far.

    Silence precedes and follows the sound; the last window begins with the last STEP that holds sound.
    """
    mel = MelStream()
    pending = silence(2 * STEP)
    samples = 0
    for block in blocks:
        samples += len(block)
        pending = np.concatenate([pending, normalized(mel.push(block))])
        while len(pending) >= 2 * WINDOW:
            yield pending[: 2 * WINDOW], samples // SAMPLES_PER_FEATURE
            pending = pending[2 * STEP :]
    yield from _closing_windows(pending, mel, samples)


def _closing_windows(
    pending: NDArray[np.float32], mel: MelStream, samples: int
) -> Iterator[tuple[NDArray[np.float32], int]]:
    """The windows that reach beyond the end of the sound."""
    if samples == 0:
        return
    pending = np.concatenate([pending, normalized(mel.finish(samples))])
    total = -(-samples // SAMPLES_PER_FEATURE)
    for start in range(0, len(pending), 2 * STEP):
        window = pending[start : start + 2 * WINDOW]
        yield np.concatenate([window, silence(2 * WINDOW - len(window))]), total


def normalized(mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log10 mel power as the networks take it: floored, and speech around zero."""
    return np.asarray((np.maximum(mel, FLOOR) + 4) / 4, dtype=np.float32)


def silence(frames: int) -> NDArray[np.float32]:
    """Normalized mel frames [frames, 80] of no sound at all."""
    return np.full((frames, BANDS), (FLOOR + 4) / 4, np.float32)
