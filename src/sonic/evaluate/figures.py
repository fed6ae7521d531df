"""The figures of one clip and one performer, and their medians over clips and people."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from sonic.evaluate.lags import correlation
from sonic.evaluate.lips import amplitude, closures_met, concordance, lip_vertex_error, offset
from sonic.evaluate.rest import envelope_agreement
from sonic.evaluate.statistics import UNKNOWN, estimate_mean, estimate_median, mean, median

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonic.evaluate.judge import JudgeResult
    from sonic.evaluate.showing import Showing
    from sonic.evaluate.statistics import Estimate
    from sonic.motion.head import Array
    from sonic.motion.space import MotionSpace


@dataclass(frozen=True)
class Figures:
    """How one performer does on one clip; NaN where a clip cannot say.

    Attributes:
        opening: Pearson's correlation of lip opening with the truth at zero lag, -1..1.
        width: the same for mouth width.
        jaw: the same for jaw drop.
        concordance: Lin's concordance of lip opening, -1..1: also size and level must agree.
        lip_error: lip vertex error over that of the still face; below 1 is better than doing nothing.
        amplitude: standard deviation of lip opening over that of the truth.
        offset: frames by which the lips come after the truth.
        closures: share of the moments when the real lips meet at which these meet too.
        true_closures: share of the moments when these lips meet at which the real ones do too.
        envelope: best correlation of lip opening with loudness.
        wrong_gain: error with another clip's sound over that with the own; the model's rows only.
        judge_offset: frames by which the sound comes late, according to the judge of sync.
        judge_confidence: how much better than other shifts the judge likes it.
    """

    opening: float
    width: float
    jaw: float
    concordance: float
    lip_error: float
    amplitude: float
    offset: float
    closures: float
    true_closures: float
    envelope: float
    wrong_gain: float = UNKNOWN
    judge_offset: float = UNKNOWN
    judge_confidence: float = UNKNOWN


@dataclass(frozen=True)
class Score:
    """One performer's figures on one clip of one person."""

    clip: str
    source: str
    person: str
    performer: str
    figures: Figures


FIGURES = tuple(item.name for item in fields(Figures))
MEANS = ("closures", "true_closures")  # counts of few events: their median is mostly all or nothing
SHARES = {"offset": "within_one_frame", "judge_offset": "judge_within_one_frame"}  # of at most one frame


def measure(
    shown: Showing, real: Showing, level: Array, space: MotionSpace, judged: JudgeResult | None = None
) -> Figures:
    """Compare a performer with the truth of the same frames; `level` is the sound's loudness, dB, [T]."""
    still = lip_vertex_error(np.zeros_like(real.motion), real.motion, space)
    opening, width, jaw = (correlation(shown.readings[:, k], real.readings[:, k]) for k in range(3))
    return Figures(
        opening=opening,
        width=width,
        jaw=jaw,
        concordance=concordance(shown.opening, real.opening),
        lip_error=lip_vertex_error(shown.motion, real.motion, space) / max(still, 1e-9),
        amplitude=amplitude(shown.opening, real.opening),
        offset=offset(shown.opening, real.opening),
        closures=closures_met(shown.opening, real.opening),
        true_closures=closures_met(real.opening, shown.opening),
        envelope=envelope_agreement(shown.opening, level).correlation,
        judge_offset=UNKNOWN if judged is None else judged.offset_frames,
        judge_confidence=UNKNOWN if judged is None else judged.confidence,
    )


def summarise(scores: Sequence[Score]) -> dict[str, Estimate]:
    """Median (mean of closures) and interval of every figure, and the share of offsets within one frame."""
    people = [score.person for score in scores]
    columns = {name: column(scores, name) for name in FIGURES}
    shares = {name: within(columns[figure]) for figure, name in SHARES.items()}
    middles = {
        name: estimate_mean(values, people) if name in MEANS else estimate_median(values, people)
        for name, values in columns.items()
    }
    return middles | {name: estimate_mean(hits, people) for name, hits in shares.items()}


def by_person(scores: Sequence[Score]) -> list[Score]:
    """One score a person, the medians or means of their clips: more clips do not count for more."""
    return [
        _typical([score for score in scores if score.person == person])
        for person in sorted({score.person for score in scores})
    ]


def column(scores: Sequence[Score], name: str) -> Array:
    """One figure of all scores, [N]."""
    return np.array([getattr(score.figures, name) for score in scores], np.float64)


def within(offsets: Array, limit: float = 1.0) -> Array:
    """1 where an offset is at most `limit` frames, else 0; NaN where it is unknown."""
    return np.where(np.isfinite(offsets), np.abs(offsets) <= limit, np.nan)


def _typical(scores: Sequence[Score]) -> Score:
    typical: dict[str, Any] = {
        name: (mean if name in MEANS else median)(column(scores, name)) for name in FIGURES
    }
    first = scores[0]
    return Score(first.person, first.source, first.person, first.performer, Figures(**typical))
