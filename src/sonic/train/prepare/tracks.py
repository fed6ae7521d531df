"""Face tracks with their sound: read from a video once, kept as one small file per clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonic.motion.head import eye_centres
from sonic.motion.space import FRAME_RATE

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from sonic.motion.head import Array

SAMPLE_RATE = 16_000
SAMPLES_PER_FRAME = SAMPLE_RATE // FRAME_RATE
SHORTEST = 20  # frames; less says nothing about how someone speaks
_LOWEST_SCORE = 0.5
_LONGEST_JUMP = 0.5  # eye distances between frames; more is a cut


@dataclass(frozen=True)
class Track:
    """One face followed through a clip.

    Attributes:
        landmarks: picture pixels, [T, 478, 3]; NaN where the face was lost.
        score: how sure the tracker was, 0..1, [T].
        sound: mono at 16 kHz, starting with the first frame, [N].
    """

    landmarks: Array
    score: Array
    sound: Array

    def save(self, path: Path) -> None:
        """Write the track as a NumPy archive with 16-bit sound."""
        audio = np.round(np.clip(self.sound, -1, 1) * 32767).astype(np.int16)
        np.savez_compressed(path, landmarks=self.landmarks, score=self.score, audio=audio)

    @classmethod
    def load(cls, path: Path) -> Track:
        """Read a track written by `save`."""
        with np.load(path) as file:
            sound = file["audio"].astype(np.float32) / 32767
            return cls(file["landmarks"].astype(np.float32), file["score"].astype(np.float32), sound)

    def longest_run(self) -> slice:
        """The longest stretch without a lost face or a cut, as frames; empty if none is long enough."""
        good = (self.score > _LOWEST_SCORE) & np.isfinite(self.landmarks).all((1, 2))
        good &= np.arange(len(good)) < len(self.sound) // SAMPLES_PER_FRAME
        starts = ~good | ~self._joined()
        runs = np.split(np.arange(len(good)), np.flatnonzero(starts))
        longest = max((run[good[run]] for run in runs), key=len, default=np.zeros(0, np.int64))
        return slice(int(longest[0]), int(longest[-1]) + 1) if len(longest) >= SHORTEST else slice(0, 0)

    def _joined(self) -> npt.NDArray[np.bool_]:
        right, left = eye_centres(self.landmarks)
        middle, distance = (right + left) / 2, np.linalg.norm(left - right, axis=-1)
        jump = np.linalg.norm(np.diff(middle, axis=0, prepend=middle[:1]), axis=-1)
        joined: npt.NDArray[np.bool_] = jump < _LONGEST_JUMP * distance
        return joined
