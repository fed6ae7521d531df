"""Medians with bootstrap intervals, and how lively a face is: blinks, head speed, tremor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.motion.space import FRAME_RATE

if TYPE_CHECKING:
    from sonic.motion.head import Array
    from sonic.motion.space import MotionSpace

_BLINK = 0.5  # closure
_BLINK_FRAMES = (2, 13)  # 80 to 500 ms
_TREMOR = 8.0  # Hz


def median(values: Array) -> float:
    """The median of the finite values; NaN if there are none."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else float("nan")


def bootstrap_interval(values: Array, draws: int = 1000) -> tuple[float, float]:
    """The 95 % interval of the median."""
    rng = np.random.default_rng(0)
    medians = np.median(rng.choice(values, (draws, len(values))), axis=1)
    return float(np.percentile(medians, 2.5)), float(np.percentile(medians, 97.5))


def blinks(motion: Array, space: MotionSpace) -> list[int]:
    """Length in frames of every blink in motion vectors [T, dim]."""
    shut = motion[:, space.groups["lids"]].mean(1) > _BLINK
    edges = np.flatnonzero(np.diff(np.r_[False, shut, False]))
    lengths = (edges[1::2] - edges[::2]).tolist()
    return [length for length in lengths if length <= _BLINK_FRAMES[1]]


def head_speed(motion: Array, space: MotionSpace) -> float:
    """Mean angular speed of the head, degrees a second."""
    turns = np.diff(motion[:, space.groups["head"]][:, :3], axis=0)
    return float(np.degrees(np.linalg.norm(turns, axis=1)).mean() * FRAME_RATE)


def tremor(motion: Array) -> Array:
    """Share of each number's power above 8 Hz, [dim]."""
    spectrum = np.abs(np.fft.rfft(motion - motion.mean(0), axis=0)) ** 2
    fast = np.fft.rfftfreq(len(motion), 1 / FRAME_RATE) > _TREMOR
    share: Array = spectrum[fast].sum(0) / np.maximum(spectrum.sum(0), 1e-12)
    return share


def liveliness(tracks: list[Array], space: MotionSpace) -> dict[str, float]:
    """Blinks a minute, their frames, head speed, opening spread and tremor over several motion tracks."""
    minutes = sum(map(len, tracks)) / FRAME_RATE / 60
    found = [length for track in tracks for length in blinks(track, space)]
    weights = np.array([len(track) for track in tracks], np.float64)
    shares = np.average([tremor(track) for track in tracks], axis=0, weights=weights)
    return {
        "blinks_per_minute": len(found) / minutes,
        "blink_frames": float(np.median(found)) if found else 0.0,
        "head_speed": float(np.average([head_speed(track, space) for track in tracks], weights=weights)),
        "opening_spread": float(
            np.average([space.opening(track).std() for track in tracks], weights=weights)
        ),
        **{f"tremor_{name}": float(shares[group].mean()) for name, group in space.groups.items()},
    }
