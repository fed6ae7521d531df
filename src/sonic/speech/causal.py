"""Speech features with 0.2 s of delay: a small causal student of the speech encoder, for live sound."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from sonic.errors import WeightsError
from sonic.inference import Network
from sonic.speech.encoder import SAMPLES_PER_FEATURE, normalized, silence
from sonic.speech.mel import BANDS, SAMPLE_RATE, WINDOW, MelStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

FILE = "speech_encoder_causal.onnx"
NOTES = "causal"  # key of the network's own notes: memory and lookahead
_QUIET_START = 150  # features of silence that the network hears before the sound


class CausalSpeechEncoder:
    """What `SpeechEncoder` hears, a little less exactly, as soon as `delay` seconds of sound have followed.

    `encode` and `stream` give the same numbers however the sound is cut into blocks. The network is the one
    that `sonic train distill speech` writes; it is no part of the package.

    Attributes:
        delay: seconds of sound after a feature's beginning that are needed to give it.

    Raises:
        WeightsError: the file is missing, damaged or another network.
    """

    sample_rate = SAMPLE_RATE
    frame_rate = SAMPLE_RATE // SAMPLES_PER_FEATURE
    dim = 384

    def __init__(self, path: Path, *, device: str = "cpu", threads: int = 1) -> None:
        self._network = Network(path, device=device, threads=threads)
        if NOTES not in self._network.metadata:
            raise WeightsError(f"{path.name} is no causal encoder: sonic train distill speech makes one.")
        notes = json.loads(self._network.metadata[NOTES])
        self._lookahead: int = notes["lookahead"]
        self._memory_shape: tuple[int, ...] = tuple(notes["memory"])
        last_sample = (self._lookahead + 1) * SAMPLES_PER_FEATURE - SAMPLES_PER_FEATURE // 2 + WINDOW // 2
        self.delay = last_sample / SAMPLE_RATE

    def encode(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features float32 [ceil(N / 320), 384] of mono samples float32 [N] at 16 kHz in -1..1."""
        features = list(self.stream([samples]))
        return np.concatenate(features) if features else np.zeros((0, self.dim), np.float32)

    def stream(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """Features [n, 384] as soon as `delay` has passed; see `encode`."""
        hearing = _Hearing(self._network, self._memory_shape, self._lookahead)
        mel, samples = MelStream(), 0
        for block in blocks:
            samples += len(block)
            yield from hearing.push(normalized(mel.push(block)))
        if samples:
            rest = normalized(mel.finish(samples))
            missing = len(rest) + len(hearing.pending)
            yield from hearing.push(np.concatenate([rest, silence(2 * self._lookahead + missing % 2)]))


class _Hearing:
    """The network in the middle of a recording."""

    def __init__(self, network: Network, memory: tuple[int, ...], lookahead: int) -> None:
        self.pending = silence(0)
        self._network = network
        self._memory = np.zeros(memory, np.float32)
        self._early = 0
        for _ in self.push(silence(2 * _QUIET_START)):
            pass
        self._early = lookahead  # features that belong to the silence before the sound

    def push(self, mel: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """The features [n, 384] that mel frames [m, 80] complete, if any."""
        self.pending = np.concatenate([self.pending, mel])
        pairs = len(self.pending) // 2
        if not pairs:
            return
        heard = self.pending[: 2 * pairs].reshape(1, pairs, 2 * BANDS)
        self.pending = self.pending[2 * pairs :]
        features, self._memory = self._network(heard, self._memory)
        skipped = min(self._early, pairs)
        self._early -= skipped
        if pairs > skipped:
            yield features[0, skipped:]
