"""Says when anybody speaks: a chance for every 32 ms of sound, and the stretches that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonic.inference import load_asset
from sonic.media.audio import SPEECH_RATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

SAMPLE_RATE = SPEECH_RATE
FRAME = 512  # samples
FRAME_SECONDS = FRAME / SAMPLE_RATE
_CONTEXT = 64  # samples of the frame before that the network also hears
_BATCH = 256  # frames that one call takes
_STATE = (1, 1, 128)

_BEGINS, _ENDS = 0.5, 0.35  # chances at which a stretch of speech begins and ends
_SHORTEST_SPEECH, _SHORTEST_PAUSE = 0.2, 0.2  # seconds; coughs are no speech, and stops are no pauses
_MARGIN = 0.05  # seconds by which a stretch begins earlier and ends later: the lips move before the voice


@dataclass(frozen=True)
class Span:
    """A stretch of time in seconds."""

    start: float
    end: float

    @property
    def duration(self) -> float:
        """Its length in seconds."""
        return self.end - self.start


class VoiceActivity:
    """Silero VAD 6: how likely it is that somebody speaks; about 0.3 s for a minute of sound on one core."""

    sample_rate = SAMPLE_RATE

    def __init__(self, *, device: str = "cpu", threads: int = 1) -> None:
        self._network = load_asset("voice_activity.onnx", device=device, threads=threads)

    def stream(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """The chance of speech, 0..1, [n], in each 512 samples of mono 16 kHz sound in blocks of any length.

        The last frame is filled up with silence. The result does not depend on how the sound is cut.
        """
        for _, chances in self.frames(blocks):
            yield chances

    def frames(
        self, blocks: Iterable[NDArray[np.float32]]
    ) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """The same, each [n] with the frames [n, 512] that it belongs to."""
        state = [np.zeros(_STATE, np.float32) for _ in range(2)]
        context = np.zeros(_CONTEXT, np.float32)
        for frames in frames_of(blocks):
            before = np.concatenate([context[None], frames[:-1, -_CONTEXT:]])
            context = frames[-1, -_CONTEXT:]
            chances, *state = self._network(np.concatenate([before, frames], axis=1), *state)
            yield frames, chances


def frames_of(blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """Sound in blocks of any length as frames [n, 512], 256 at most; the last one is filled with silence."""
    pending = np.zeros(0, np.float32)
    for block in blocks:
        pending = np.concatenate([pending, block])
        whole = len(pending) - len(pending) % FRAME
        for first in range(0, whole, _BATCH * FRAME):
            yield pending[first : min(whole, first + _BATCH * FRAME)].reshape(-1, FRAME)
        pending = pending[whole:]
    if len(pending):
        yield np.pad(pending, (0, FRAME - len(pending)))[None]


def speech_spans(chances: NDArray[np.float32], duration: float) -> tuple[Span, ...]:
    """Stretches of speech, in order, within `duration` seconds, from the chances of frames [T]."""
    spans = [(first - _MARGIN, end + _MARGIN) for first, end in _runs(chances)]
    joined: list[tuple[float, float]] = []
    for start, end in spans:
        if joined and start - joined[-1][1] < _SHORTEST_PAUSE - 2 * _MARGIN:
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return tuple(
        Span(float(max(0.0, start)), float(min(end, duration)))
        for start, end in joined
        if end - start >= _SHORTEST_SPEECH + 2 * _MARGIN
    )


def _runs(chances: NDArray[np.float32]) -> Iterator[tuple[float, float]]:
    """Begin and end in seconds of the runs that reach the one threshold and stay above the other."""
    above = np.flatnonzero(np.diff(np.r_[False, chances >= _ENDS, False].astype(int)))
    for first, end in above.reshape(-1, 2):
        if chances[first:end].max() >= _BEGINS:
            yield first * FRAME_SECONDS, end * FRAME_SECONDS
