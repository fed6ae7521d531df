"""The judge of lip sync: says how well a face's movements fit a sound, and which of the two comes late.

The judge is a pair of small networks that `sonic train sync` learned from people whom no other network of
Sonic has seen, on log-mel sound of its own. Trained generators never learn from it, so it can judge them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonic.errors import AudioTooShortError, InputError
from sonic.evaluate.lags import peak
from sonic.evaluate.sync import (
    SEARCH,
    best_shifts,
    in_context,
    lip_points,
    loudness,
    mel_rows,
    shift_table,
    windows_with_sound,
)
from sonic.inference import asset
from sonic.motion.sync import WINDOW, SyncTowers

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from sonic.motion.head import Array

SHORTEST = 20  # video frames; less sound says nothing about its lag
CONTEXT = 15  # video frames that one vote of `accuracy` hears
ABOUT = "judge.json"  # not the name that makes a folder a model
_FEWEST_WINDOWS = 8  # that a shift must be measured on


@dataclass(frozen=True)
class JudgeResult:
    """What the judge found in one clip.

    Attributes:
        offset_frames: sound minus picture, video frames of 40 ms, between frames; positive: the sound comes
            late. Real clips in sync lie within about one frame of zero.
        confidence: the best cosine minus the median over the shifts, as in SyncNet (there on distances);
            near zero where face and sound have nothing to do with each other. Compare it with the same
            clip's real video only: it depends on the speaker and on what is said.
        match: mean cosine at shift zero, -1..1.
        curve: mean cosine at the shifts -15..15 frames, [31]; NaN where too little of the clip overlaps.
        accuracy: share of the 15-frame stretches with sound whose own best shift lies within one frame of
            zero, 0..1; NaN where the clip has no such stretch. Shifts that leave the clip take no part, so
            clips under two seconds have fewer wrong answers to choose from: compare equal lengths.
        windows: five-frame windows with sound that the curve is the mean of.
    """

    offset_frames: float
    confidence: float
    match: float
    curve: Array
    accuracy: float
    windows: int


class SyncJudge:
    """Scores clips; `load` reads the judge that comes with the package."""

    def __init__(self, towers: SyncTowers) -> None:
        self._towers = towers

    @classmethod
    def load(cls, path: Path | None = None, *, threads: int = 1) -> SyncJudge:
        """The judge in a folder written by `sonic train sync --judge`, or the package's own.

        Raises:
            WeightsError: the folder holds no judge of this format.
        """
        return cls(SyncTowers(asset("judge") if path is None else path, ABOUT, threads=threads))

    def score(self, sound: Array, landmarks: Array) -> JudgeResult:
        """Judge one clip.

        Args:
            sound: mono, 16 kHz, float32 [N], starting with the first frame; longer than the face is welcome.
            landmarks: the face at 25 frames a second, picture pixels, float32 [T, 478, 3], no gaps.

        Raises:
            InputError: fewer than 20 frames, or a frame without a face.
            AudioTooShortError: less than 0.8 s of sound.
        """
        if len(landmarks) < SHORTEST or not np.isfinite(landmarks).all():
            raise InputError(
                f"{len(landmarks)} frames cannot be judged; give at least {SHORTEST} with a face in each."
            )
        rows = mel_rows(sound)
        levels = loudness(sound)
        if len(levels) < SHORTEST:
            raise AudioTooShortError(
                f"{len(levels) / 25:.1f} s of sound cannot be judged; give at least {SHORTEST / 25:.1f} s."
            )
        seen, heard = self._towers.seen(lip_points(landmarks)), self._towers.heard(rows)
        return _judged(shift_table(seen @ heard.T), windows_with_sound(levels))


def _judged(table: Array, speaking: npt.NDArray[np.bool_]) -> JudgeResult:
    counted = np.zeros(len(table), bool)
    counted[: len(speaking)] = speaking[: len(table)]
    curve = _curve(table[counted])
    known = np.isfinite(curve)
    if not known.any():
        return JudgeResult(*(float("nan"),) * 3, curve, float("nan"), 0)
    found = peak(np.where(known, curve, -1.0).astype(np.float32))
    confidence = float(np.nanmax(curve) - np.nanmedian(curve))
    match = float(curve[SEARCH])
    return JudgeResult(found.frames, confidence, match, curve, _accuracy(table, counted), int(counted.sum()))


def _curve(table: Array) -> Array:
    """Mean of each column over the windows it exists for, NaN where those are too few."""
    known = np.isfinite(table)
    count = known.sum(0)
    total = np.where(known, table, 0).sum(0)
    enough = count >= _FEWEST_WINDOWS
    curve: Array = np.where(enough, total / np.maximum(count, 1), np.nan).astype(np.float32)
    return curve


def _accuracy(table: Array, counted: npt.NDArray[np.bool_]) -> float:
    stretches = in_context(table, CONTEXT)
    middle = (CONTEXT - WINDOW) // 2
    chosen = counted[middle : middle + len(stretches)] & np.isfinite(stretches[:, SEARCH])
    if not chosen.any():
        return float("nan")
    return float((np.abs(best_shifts(stretches[chosen])) <= 1).mean())
