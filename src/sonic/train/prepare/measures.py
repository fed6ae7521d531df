"""Measures of one face track with its sound; what follows from them is decided later and can be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.clips import SAMPLES_PER_FRAME
from sonic.evaluate.lags import lag_curve, peak
from sonic.face.landmarks import face_width
from sonic.face.pose import head_angles
from sonic.motion.head import eye_centres
from sonic.motion.mouth import lip_opening
from sonic.motion.regions import STABLE
from sonic.train.prepare.speech_likeness import loudness, loudness_bands, syllable_rhythm

if TYPE_CHECKING:
    from sonic.motion.head import Array
    from sonic.train.prepare.tracks import Track

_EVERY = 5  # frames; heads turn slowly
_VOICE = slice(1, 5)  # bands of the first formants, which open mouths make loud


def measure(track: Track, sound: Array, size: tuple[int, int]) -> dict[str, float]:
    """Everything that quality filters ask for.

    Args:
        track: the face.
        sound: what is heard while it is seen, mono at 16 kHz.
        size: width and height of the picture.

    Returns:
        width (of the face, pixels), inside (share of the landmarks in the picture), yaw and pitch (degrees
        that nine of ten frames stay below), score (that nine of ten frames reach), wobble (eye distances a
        frame), loudness (dB), rhythm (0..1) and following (-1..1), beside what the track knows already.
    """
    some = track.landmarks[::_EVERY]
    angles = np.abs([head_angles(face)[:2] for face in some])
    yaw, pitch = np.percentile(angles, 90, axis=0)
    inside = ((some[..., :2] >= 0) & (some[..., :2] < size)).all(-1).mean(1)
    return {
        **track.measures,
        "width": float(np.median([face_width(face) for face in some])),
        "inside": float(np.percentile(inside, 10)),
        "yaw": float(yaw),
        "pitch": float(pitch),
        "score": float(np.percentile(track.score, 10)),
        "wobble": wobble(track.landmarks),
        "loudness": loudness(sound),
        "rhythm": syllable_rhythm(sound),
        "following": following(track.landmarks, sound),
    }


def wobble(landmarks: Array) -> float:
    """Median change of speed of points that only the head moves, eye distances a frame."""
    right, left = eye_centres(landmarks)
    unit = float(np.median(np.linalg.norm(left - right, axis=-1)))
    change = np.diff(landmarks[:, STABLE, :2], n=2, axis=0)
    return float(np.median(np.linalg.norm(change, axis=-1))) / max(unit, 1e-6)


def following(landmarks: Array, sound: Array) -> float:
    """Correlation of the lip opening with the loudness of the voice at the best lag, -1..1."""
    right, left = eye_centres(landmarks)
    opening = lip_opening(landmarks) / np.linalg.norm(left - right, axis=-1)
    bands = np.log(loudness_bands(sound)[:, _VOICE] + 1e-3).mean(1)
    heard = bands[: len(bands) // 2 * 2].reshape(-1, 2).mean(1)
    if len(heard) < len(sound) // SAMPLES_PER_FRAME or min(len(heard), len(opening)) < 8:
        return 0.0
    return peak(lag_curve(heard, opening)).correlation
