"""Judge a motion model on people it never saw: its samples beside the tracked truth and the ridge floor."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sonic.evaluate.lags import correlation, lag_curve, peak
from sonic.evaluate.statistics import bootstrap_interval, liveliness, median

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonic.clips import Clip
    from sonic.motion.head import Array
    from sonic.motion.probe import LipProbe
    from sonic.motion.sampler import MotionSampler

SAMPLES = 8
_SEARCH = 4  # frames within which the offset is looked for
_LONGEST = 500  # frames judged of any clip
_MEETING, _NEARLY = 0.015, 0.035  # IOD; real lips that touch, made lips that a viewer takes for closed
_LONG_ENOUGH = 60  # frames; the lag of a shorter clip is a matter of luck
_LONG = 110  # frames; shorter clips say nothing about blinks and heads


@dataclass(frozen=True)
class ClipScore:
    """One clip's figures; correlations and ratios are of lip opening unless they say otherwise.

    Attributes:
        name: the clip.
        source: where it comes from.
        person: who speaks.
        sample: correlation of one sample with the truth at zero lag.
        mean: the same for the mean of eight samples.
        ridge: the same for the linear probe.
        width: correlation of mouth width, one sample.
        jaw: correlation of jaw drop, one sample.
        amplitude: standard deviation of a sample over that of the truth.
        offset: lag of the mean sample against the truth, frames; NaN for clips too short to say.
        ridge_offset: the same for the probe.
        wrong_gain: error with another clip's sound over the error with its own.
        closures: share of the moments when the real lips meet at which a sample's lips meet too; NaN if none.
    """

    name: str
    source: str
    person: str
    sample: float
    mean: float
    ridge: float
    width: float
    jaw: float
    amplitude: float
    offset: float
    ridge_offset: float
    wrong_gain: float
    closures: float


_FIGURES = [item.name for item in fields(ClipScore) if item.type == "float"]


@dataclass(frozen=True)
class Evaluation:
    """Scores of all clips, and how lively real and made faces are over the longer ones."""

    clips: list[ClipScore]
    real: dict[str, float]
    made: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain numbers, for JSON."""
        return {
            "rows": self.rows(),
            "real": self.real,
            "made": self.made,
            "clips": [asdict(c) for c in self.clips],
        }

    def rows(self) -> dict[str, dict[str, float]]:
        """Medians per source, over all clips ("all"), and over people of each person's medians ("people")."""
        sources = sorted({clip.source for clip in self.clips})
        groups = {source: [clip for clip in self.clips if clip.source == source] for source in sources}
        groups |= {"all": self.clips, "people": by_person(self.clips)}
        return {name: _summary(group) for name, group in groups.items()}


def by_person(clips: Sequence[ClipScore]) -> list[ClipScore]:
    """One score a person, the medians of their clips, so that nobody counts for more by having more clips."""
    return [
        _typical([clip for clip in clips if clip.person == person])
        for person in sorted({c.person for c in clips})
    ]


def _typical(clips: Sequence[ClipScore]) -> ClipScore:
    medians: dict[str, Any] = {name: median(np.array([getattr(c, name) for c in clips])) for name in _FIGURES}
    return replace(clips[0], **medians)


def _summary(clips: Sequence[ClipScore]) -> dict[str, float]:
    columns = {name: np.array([getattr(clip, name) for clip in clips]) for name in _FIGURES}
    low, high = bootstrap_interval(columns["sample"])
    return {
        "clips": len(clips),
        "people": len({clip.person for clip in clips}),
        **{name: median(values) for name, values in columns.items()},
        "sample_low": low,
        "sample_high": high,
        "within_one_frame": _share_within(columns["offset"]),
        "ridge_within_one_frame": _share_within(columns["ridge_offset"]),
    }


def evaluate(
    sampler: MotionSampler, probe: LipProbe, clips: Sequence[Clip], *, steps: int = 25, samples: int = SAMPLES
) -> Evaluation:
    """Score every clip with `samples` seeds and once with another clip's sound."""
    scores = []
    for index, clip in enumerate(clips):
        other = _other_clip(clips, index)
        scores.append(_score(sampler, probe, clip, other, steps=steps, samples=samples))
    return Evaluation(scores, *compare_liveliness(sampler, clips, steps))


def compare_liveliness(
    sampler: MotionSampler, clips: Sequence[Clip], steps: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Blinks, head speed and tremor of real faces and of made ones that heard the same, over long clips."""
    long = [clip for clip in clips if len(clip.motion) >= _LONG] or list(clips)
    windows = [clip.window("clean", 0, _LONGEST) for clip in long]
    made = [
        _sample(sampler, features, len(truth), seed, steps) for seed, (features, truth) in enumerate(windows)
    ]
    return liveliness([truth for _, truth in windows], sampler.space), liveliness(made, sampler.space)


def _other_clip(clips: Sequence[Clip], index: int) -> Clip:
    """The next clip of the same source, so that only the words differ in kind."""
    same = [clip for clip in clips if clip.source == clips[index].source] or list(clips)
    return same[(same.index(clips[index]) + 1) % len(same)]


def _score(
    sampler: MotionSampler, probe: LipProbe, clip: Clip, other: Clip, *, steps: int, samples: int
) -> ClipScore:
    features, truth = clip.window("clean", 0, _LONGEST)
    wrong = other.window("clean", 0, _LONGEST)[0]
    drawn = [_readings(sampler, features, len(truth), seed, steps) for seed in range(samples)]
    misled = _readings(sampler, wrong, len(truth), 0, steps)
    real, first, mean = mouth_readings(sampler, truth), drawn[0], np.mean(drawn, axis=0)
    linear = probe.predict(features)[:, 0]
    own = np.median([correlation(draw[:, 0], real[:, 0]) for draw in drawn])
    return ClipScore(
        name=clip.name,
        source=clip.source,
        person=clip.person,
        sample=correlation(first[:, 0], real[:, 0]),
        mean=correlation(mean[:, 0], real[:, 0]),
        ridge=correlation(linear, real[:, 0]),
        width=correlation(first[:, 1], real[:, 1]),
        jaw=correlation(first[:, 2], real[:, 2]),
        amplitude=float(first[:, 0].std() / max(real[:, 0].std(), 1e-6)),
        offset=_lag(mean[:, 0], real[:, 0]),
        ridge_offset=_lag(linear, real[:, 0]),
        wrong_gain=(1 - correlation(misled[:, 0], real[:, 0])) / max(1 - float(own), 1e-3),
        closures=closures_met(first[:, 0], real[:, 0]),
    )


def closures_met(made: Array, real: Array) -> float:
    """Share of the real closures (openings in IOD, [T]) that the made lips reach within a frame, or NaN."""
    closed = np.diff(np.r_[False, real < _MEETING, False].astype(int))
    starts, ends = np.flatnonzero(closed == 1), np.flatnonzero(closed == -1)
    spans = [made[max(0, first - 1) : last + 1] for first, last in zip(starts, ends, strict=True)]
    reached = [span.min() < _NEARLY for span in spans]
    return float(np.mean(reached)) if reached else float("nan")


def _lag(made: Array, real: Array) -> float:
    return peak(lag_curve(made, real, _SEARCH)).frames if len(real) >= _LONG_ENOUGH else float("nan")


def _share_within(offsets: Array, limit: float = 1.0) -> float:
    """Share of the known offsets that are at most `limit` frames; NaN if none is known."""
    known = offsets[np.isfinite(offsets)]
    return float((np.abs(known) <= limit).mean()) if len(known) else float("nan")


def _readings(sampler: MotionSampler, features: Array, frames: int, seed: int, steps: int) -> Array:
    return mouth_readings(sampler, _sample(sampler, features, frames, seed, steps))


def _sample(sampler: MotionSampler, features: Array, frames: int, seed: int, steps: int) -> Array:
    return np.concatenate(list(sampler.stream([features], frames=frames, seed=seed, steps=steps)))


def mouth_readings(sampler: MotionSampler, motion: Array) -> Array:
    """Lip opening, mouth width and jaw drop relative to the closed neutral, IOD, [T, 3]."""
    coefficients = motion[:, sampler.space.groups["mouth"]]
    return coefficients @ sampler.space.mouth_readout()
