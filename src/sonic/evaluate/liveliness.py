"""How lively a face is: blinks, head speed, brows, tremor, jerk and the joins between windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.face.topology import BROWS
from sonic.motion.space import FRAME_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonic.motion.head import Array
    from sonic.motion.space import MotionSpace

_BLINK = 0.5  # closure
_BLINK_FRAMES = (2, 13)  # 80 to 500 ms
_TREMOR = 8.0  # Hz


def blinks(closure: Array) -> list[int]:
    """Length in frames of every blink in the lids' closure [T, 2]: both half shut for 80 to 500 ms."""
    shut = closure.mean(1) > _BLINK
    edges = np.flatnonzero(np.diff(np.r_[False, shut, False]))
    lengths = (edges[1::2] - edges[::2]).tolist()
    return [length for length in lengths if _BLINK_FRAMES[0] <= length <= _BLINK_FRAMES[1]]


def head_speed(rotation: Array, step: int = 1) -> float:
    """Mean angular speed of rotation vectors [T, 3] in radians over `step` frames, degrees a second.

    From frame to frame a tracker's own tremor counts as movement; over five frames (0.2 s) hardly any does.
    """
    turns = np.linalg.norm(rotation[step:] - rotation[:-step], axis=1)
    return float(np.degrees(turns.mean()) * FRAME_RATE / step) if len(turns) else 0.0


def tremor(series: Array) -> Array:
    """Share of each column's power above 8 Hz, 0..1, [N] of [T, N]."""
    spectrum = np.abs(np.fft.rfft(series - series.mean(0), axis=0)) ** 2
    fast = np.fft.rfftfreq(len(series), 1 / FRAME_RATE) > _TREMOR
    share: Array = spectrum[fast].sum(0) / np.maximum(spectrum.sum(0), 1e-12)
    return share


def jerk(series: Array) -> float:
    """Mean size of the third difference of [T, N], a second^-3 in the series' own unit."""
    return float(np.abs(np.diff(series, 3, axis=0)).mean() * FRAME_RATE**3) if len(series) > 3 else 0.0


def upper_face_dynamics(motion: Array, space: MotionSpace) -> float:
    """How much brows move: the mean over their points of the spread in time of squared displacement, IOD^2.

    The difference between real and made faces is FDD (CodeTalker 2023, which takes the whole upper face).
    """
    brows = np.tensordot(motion[:, space.groups["brows"]], space.brow_basis[:, list(BROWS)], 1)
    return float((brows**2).sum(-1).std(0).mean())


def seam_ratio(series: Array, joins: Sequence[int]) -> float:
    """Mean acceleration of [T, N] in the frames around joins over that elsewhere; NaN without a join."""
    size = np.abs(np.diff(series, 2, axis=0)) / np.maximum(series.std(0), 1e-9)
    near = np.zeros(len(size), bool)
    for join in joins:
        near[max(0, join - 2) : join + 1] = True  # the second differences that the first new frame is part of
    if not near.any() or near.all():
        return float("nan")
    return float(size[near].mean() / max(float(size[~near].mean()), 1e-12))


def liveliness(tracks: Sequence[Array], space: MotionSpace) -> dict[str, float]:
    """Figures of several motion tracks [T, dim], weighted by their length.

    Returns:
        Blinks a minute and their median length in seconds, head speed in degrees a second, spread of lip
        opening in IOD, upper-face dynamics in IOD^2, and per group of motion tremor and jerk.
    """
    weights = np.array([len(track) for track in tracks], np.float64)
    found = [length for track in tracks for length in blinks(track[:, space.groups["lids"]])]
    single = [_figures(track, space) for track in tracks]
    return {
        "blinks_per_minute": len(found) / (weights.sum() / FRAME_RATE / 60),
        "blink_seconds": float(np.median(found)) / FRAME_RATE if found else float("nan"),
        **{name: float(np.average([one[name] for one in single], weights=weights)) for name in single[0]},
    }


def _figures(track: Array, space: MotionSpace) -> dict[str, float]:
    shares, groups = tremor(track), space.groups
    rotation = track[:, groups["head"]][:, :3]
    return {
        "head_speed": head_speed(rotation),
        "head_speed_200ms": head_speed(rotation, 5),
        "opening_spread": float(space.opening(track).std()),
        "upper_face": upper_face_dynamics(track, space),
        **{f"tremor_{name}": float(shares[group].mean()) for name, group in groups.items()},
        **{f"jerk_{name}": jerk(track[:, group] / space.spread[group]) for name, group in groups.items()},
    }
