"""What lips do with loudness and in silence: both can be judged without knowing the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sonic.evaluate.lags import lag_curve, peak
from sonic.evaluate.sync import loudness, voiced
from sonic.motion.space import FRAME_RATE

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy.typing as npt

    from sonic.evaluate.lags import Offset
    from sonic.motion.head import Array

    Mask: TypeAlias = npt.NDArray[np.bool_]

_BAND = (1.0, 10.0)  # Hz; syllables come at two to seven
_SEARCH = 10  # frames
_SHORTEST = 5  # frames of silence; less is part of speech
_EASE = 2  # frames at both ends of a silence in which the mouth may still be on its way
_FAINTEST = -60.0  # dB


def heard_frames(sound: Array, start: float, frames: int) -> tuple[Array, Mask]:
    """Loudness in dB and whether anything is heard in each of `frames` frames, [T] each.

    Args:
        sound: mono at 16 kHz, [N].
        start: where in it the first frame lies, frames.
        frames: T; beyond the sound's ends there is silence.
    """
    levels = loudness(sound)
    places = round(start) + np.arange(frames)
    inside = (places >= 0) & (places < len(levels))
    level, heard = np.full(frames, _FAINTEST), np.zeros(frames, bool)
    level[inside] = np.maximum(levels[places[inside]], _FAINTEST)
    heard[inside] = voiced(levels)[places[inside]]
    return level, heard


def silences(heard: Mask) -> Mask:
    """Which frames lie well inside a silence of at least 200 ms, bool [T]; its ends are left out."""
    edges = np.flatnonzero(np.diff(np.r_[True, heard, True].astype(int)))
    resting = np.zeros(len(heard), bool)
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if last - first >= _SHORTEST:
            resting[first + _EASE : last - _EASE] = True
    return resting


def opening_speed(opening: Array) -> Array:
    """How fast lips open or close in each frame, IOD a second, [T]."""
    speed: Array = np.abs(np.diff(opening, prepend=opening[:1])) * FRAME_RATE
    return speed


def envelope_agreement(opening: Array, level: Array) -> Offset:
    """Best correlation of lip opening with loudness over lags of -10..10 frames, both passed at 1 to 10 Hz.

    Mouth and voice are modulated together at 2 to 7 Hz (Chandrasekaran et al. 2009). The lag is that of the
    sound: positive when it comes after the lips, as it does in nature by up to three frames.
    """
    return peak(lag_curve(band_passed(level), band_passed(opening), _SEARCH))


def band_passed(series: Array) -> Array:
    """A series [T] at 25 Hz without its trend and what is slower than 1 Hz or faster than 10 Hz."""
    time = np.arange(len(series))
    spectrum: Any = np.fft.rfft(series - np.polyval(np.polyfit(time, series, 1), time))
    rates = np.fft.rfftfreq(len(series), 1 / FRAME_RATE)
    spectrum[(rates < _BAND[0]) | (rates > _BAND[1])] = 0
    passed: Array = np.fft.irfft(spectrum, len(series))
    return passed
