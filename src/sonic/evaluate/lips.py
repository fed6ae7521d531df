"""How well made lips follow real ones: agreement, error, size and closures of two series."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.evaluate.lags import lag_curve, peak
from sonic.motion.regions import LIPS

if TYPE_CHECKING:
    from sonic.motion.head import Array
    from sonic.motion.space import MotionSpace

MEETING, NEARLY = 0.015, 0.035  # IOD; lips that touch, lips that a viewer takes for closed
_SEARCH = 4  # frames within which the offset is looked for
_LONG_ENOUGH = 60  # frames; the lag of a shorter clip is a matter of luck


def concordance(made: Array, real: Array) -> float:
    """Agreement in shape, size and level, 2 cov / (var + var' + (mean - mean')^2), -1..1 (Lin 1989)."""
    covariance = float(((made - made.mean()) * (real - real.mean())).mean())
    spread = float(made.var() + real.var() + (made.mean() - real.mean()) ** 2)
    return 2 * covariance / spread if spread > 1e-12 else 0.0


def lip_vertex_error(made: Array, real: Array, space: MotionSpace) -> float:
    """Mean over frames of the largest squared error of a lip point, IOD^2 (LVE, as in CodeTalker 2023).

    Args:
        made, real: motion vectors [T, dim] of the same frames.
        space: what they mean.
    """
    mouth = space.groups["mouth"]
    basis = space.mouth_basis[:, LIPS].reshape(len(space.mouth_basis), -1)
    return largest_error(((made - real)[:, mouth] @ basis).reshape(len(made), len(LIPS), 3))


def largest_error(difference: Array) -> float:
    """Mean over frames of the largest squared length of differences [T, N, 3]."""
    return float((difference**2).sum(-1).max(1).mean())


def amplitude(made: Array, real: Array) -> float:
    """Standard deviation of a made series over that of the real one."""
    return float(made.std() / max(float(real.std()), 1e-6))


def offset(made: Array, real: Array) -> float:
    """Frames by which a made series comes after the real one, -4..4; NaN for series too short to say."""
    if len(real) < _LONG_ENOUGH or made.std() < 1e-6:
        return float("nan")
    return peak(lag_curve(made, real, _SEARCH)).frames


def closures_met(made: Array, real: Array) -> float:
    """Share of the real closures (openings in IOD, [T]) that the made lips reach within a frame, or NaN.

    With the arguments swapped, the share of the made closures that are real ones.
    """
    closed = np.diff(np.r_[False, real < MEETING, False].astype(int))
    starts, ends = np.flatnonzero(closed == 1), np.flatnonzero(closed == -1)
    spans = [made[max(0, first - 1) : last + 1] for first, last in zip(starts, ends, strict=True)]
    reached = [span.min() < NEARLY for span in spans]
    return float(np.mean(reached)) if reached else float("nan")


def wrong_gain(own: float, misled: float) -> float:
    """Error (one minus correlation) with another clip's sound over that with its own; 1: sound is ignored."""
    return (1 - misled) / max(1 - own, 1e-3)
