"""What a sync network looks at and listens to, and how its scores become an offset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sonic.face.topology import canonical_vertices
from sonic.motion.head import fit_head
from sonic.motion.space import FRAME_RATE
from sonic.motion.sync import LIP_POINTS, WINDOW
from sonic.speech.mel import SAMPLE_RATE, MelStream

if TYPE_CHECKING:
    from sonic.motion.head import Array

SEARCH = 15  # video frames on either side
MEL_ROWS = 4  # mel frames a video frame
SAMPLES_PER_FRAME = SAMPLE_RATE // FRAME_RATE
_QUIET = 30.0  # dB below the loud parts of a recording
_SILENT = -60.0  # dB below full scale
_FLOOR = -6.5  # log10 power, where that of normal speech lies


def lip_points(landmarks: Array) -> Array:
    """The points around the mouth as the skull sees them.

    Args:
        landmarks: a face's track, picture pixels, [T, 478, 3].

    Returns:
        The points of LIP_POINTS in the canonical head's frame, eye distances, [T, 50, 3].
    """
    _, points = fit_head(landmarks, canonical_vertices())
    return points[:, LIP_POINTS]


def mel_rows(sound: Array) -> Array:
    """Log10 mel power of mono sound [N] at 16 kHz, four rows a video frame, [4 * (N // 640), 80].

    It is relative to the spectrum of the recording's louder half: voice and microphone matter less then.
    """
    frames = len(sound) // SAMPLES_PER_FRAME
    stream = MelStream()
    rows = np.concatenate([stream.push(sound.astype(np.float32)), stream.finish(len(sound))])
    heard: Array = np.maximum(rows[: frames * MEL_ROWS], _FLOOR)
    if not len(heard):
        return heard
    level = heard.mean(1)
    usual: Array = heard - heard[level >= np.median(level)].mean(0)
    return usual


def loudness(sound: Array) -> Array:
    """Level of mono sound [N] at 16 kHz in each video frame, dB below full scale, [N // 640]."""
    frames = sound[: len(sound) // SAMPLES_PER_FRAME * SAMPLES_PER_FRAME].reshape(-1, SAMPLES_PER_FRAME)
    level: Array = 10 * np.log10((frames.astype(np.float64) ** 2).mean(1) + 1e-12)
    return level


def voiced(levels: Array) -> npt.NDArray[np.bool_]:
    """Which video frames hold sound, from their levels [T] in dB: near the loud ones, and not silent."""
    if not len(levels):
        return np.zeros(0, bool)
    return np.asarray(levels > max(float(np.percentile(levels, 95)) - _QUIET, _SILENT))


def windows_with_sound(levels: Array) -> npt.NDArray[np.bool_]:
    """Which five-frame windows hold sound in most of their frames, [T - 4]."""
    if len(levels) < WINDOW:
        return np.zeros(0, bool)
    frames = np.lib.stride_tricks.sliding_window_view(voiced(levels), WINDOW)
    return np.asarray(frames.mean(1) > 0.5)


def shift_table(scores: Array, search: int = SEARCH) -> Array:
    """How well every seen window fits the sound that starts -search..search frames later.

    Args:
        scores: of seen window v with heard window s, both counted from the same frame, [V, S].
        search: largest shift, frames.

    Returns:
        [V, 2 search + 1]; NaN where the recording has no sound.
    """
    seen, heard = scores.shape
    rows = np.arange(seen)[:, None]
    columns = rows + np.arange(-search, search + 1)
    exists = (columns >= 0) & (columns < heard)
    table: Array = np.where(exists, scores[rows, np.clip(columns, 0, heard - 1)], np.nan)
    return table


def in_context(table: Array, frames: int) -> Array:
    """Means of neighbouring rows, so that each speaks for `frames` frames, [V - frames + 5, shifts]."""
    count = frames - WINDOW + 1
    if len(table) < count:
        return np.zeros((0, table.shape[1]), table.dtype)
    joined: Array = np.lib.stride_tricks.sliding_window_view(table, count, axis=0).mean(-1)
    return joined


def best_shifts(table: Array) -> npt.NDArray[Any]:
    """The best shift of every row of a table [V, 2 search + 1], frames, [V]; rows need one score at least."""
    return np.asarray(np.nanargmax(table, axis=1) - table.shape[1] // 2)
