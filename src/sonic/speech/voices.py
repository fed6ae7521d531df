"""Says how voices sound: a vector for every short piece of speech, alike for pieces of one voice."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sonic.inference import load_asset
from sonic.media.cutting import cut
from sonic.speech.mel import HOP, SAMPLE_RATE, WINDOW, mel_power

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from sonic.speech.activity import Span

PIECE = 160  # mel frames, 1.6 s: what the network was trained on
STEP = 20  # mel frames, 0.2 s, from one piece to the next
SHORTEST = 40  # mel frames; a shorter stretch says nothing about a voice
BANDS, WIDTH = 40, 256
VOICE_LEVEL = 0.03  # root mean square, -30 dB of full scale, at which the network heard its voices
_LONGEST = 30  # seconds of one stretch that are held at once
_BATCH = 32  # pieces that one call of the network takes


@dataclass(frozen=True)
class Pieces:
    """Pieces of speech in the order of time.

    Attributes:
        starts, ends: seconds, [n], of the time around its middle that a piece stands for; they never overlap.
        spans: number of the stretch of speech that a piece lies in, [n].
        voices: unit vectors, [n, 256].
    """

    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    spans: NDArray[np.int64]
    voices: NDArray[np.float32]


class VoiceEncoder:
    """The speaker encoder of Resemblyzer (GE2E, Wan et al. 2018); 2 s for a minute of speech on one core."""

    sample_rate = SAMPLE_RATE

    def __init__(self, *, device: str = "cpu", threads: int = 1) -> None:
        self._network = load_asset("voice_encoder.onnx", device=device, threads=threads)

    def encode(self, mel: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unit vectors [B, 256] of B pieces of voice, mel power [T, B, 40]."""
        calls = [self._network(mel[:, k : k + _BATCH])[0] for k in range(0, mel.shape[1], _BATCH)]
        return np.concatenate(calls)

    def pieces(
        self, blocks: Iterable[NDArray[np.float32]], spans: Sequence[Span], gain: float = 1.0
    ) -> Pieces:
        """Every piece of the speech in `spans`, of mono sound at 16 kHz in blocks [n] of any length.

        `gain` brings the speech to `VOICE_LEVEL`. A stretch that is too short to say anything has no pieces.
        """
        parts = list(_parts(spans))
        cuts = cut(blocks, [(start, stop) for _, start, stop in parts])
        found = [
            self._of_stretch(samples * np.float32(gain), start / SAMPLE_RATE, number)
            for (number, start, _), samples in zip(parts, cuts, strict=True)
        ]
        found = [pieces for pieces in found if len(pieces.starts)] or [_nothing()]
        columns = (np.concatenate([getattr(p, name) for p in found]) for name in Pieces.__dataclass_fields__)
        return Pieces(*columns)

    def _of_stretch(self, samples: NDArray[np.float32], start: float, number: int) -> Pieces:
        mel = voice_mel(samples)
        if len(mel) < SHORTEST:
            return _nothing()
        length = min(PIECE, len(mel))
        count = -(-len(mel) // STEP)
        middles = (np.arange(count) + 0.5) * len(mel) / count
        firsts = np.clip((middles - length / 2).round().astype(int), 0, len(mel) - length)
        cuts = np.stack([mel[first : first + length] for first in firsts], axis=1)
        edges = start + np.linspace(0, len(samples) / SAMPLE_RATE, count + 1)
        return Pieces(edges[:-1], edges[1:], np.full(count, number), self.encode(cuts))


def voice_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mel power [T, 40] of mono samples [N] at 16 kHz, 100 frames a second, as the network wants it."""
    padded = np.pad(samples, WINDOW // 2)
    return mel_power(np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP], BANDS)


def _parts(spans: Sequence[Span]) -> Iterator[tuple[int, int, int]]:
    """Number of the stretch, first and last sample of what is held at once: stretches cut to 30 s or less."""
    for number, span in enumerate(spans):
        begin, end = round(span.start * SAMPLE_RATE), round(span.end * SAMPLE_RATE)
        count = max(1, -(-(end - begin) // (_LONGEST * SAMPLE_RATE)))
        edges = np.linspace(begin, end, count + 1).round().astype(int).tolist()
        yield from ((number, start, stop) for start, stop in pairwise(edges))


def _nothing() -> Pieces:
    times = np.zeros(0)
    return Pieces(times, times, np.zeros(0, np.int64), np.zeros((0, WIDTH), np.float32))
