"""A recording that is changed as it is read: cleaned, or silenced in places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.media.audio import SPEECH_RATE, AudioSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sonic.media.audio import Samples

    Treatment = Callable[[Iterator[Samples]], Iterator[Samples]]


def treated(audio: AudioSource, treatment: Treatment, name: str) -> AudioSource:
    """The same recording, one channel at 16 kHz, whose blocks [n] go through `treatment` at every reading."""
    return AudioSource(_TreatedReader(audio, treatment), name)


class _TreatedReader:
    sample_rate = SPEECH_RATE
    channels = 1

    def __init__(self, audio: AudioSource, treatment: Treatment) -> None:
        self._audio = audio
        self._treatment = treatment

    def blocks(self, channels: int) -> Iterator[Samples]:
        for block in self._treatment(self._audio.blocks(SPEECH_RATE)):
            yield np.repeat(block[:, None], channels, axis=1)
