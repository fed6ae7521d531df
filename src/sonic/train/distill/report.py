"""What is lost when a student hears instead of its teacher: in the features, and at the lips."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from sonic.evaluate.lags import correlation
from sonic.speech.mel import SAMPLE_RATE
from sonic.train.prepare.features import encode_together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonic.clips import Clip
    from sonic.motion.head import Array
    from sonic.motion.sampler import MotionSampler
    from sonic.speech.causal import CausalSpeechEncoder
    from sonic.speech.encoder import SpeechEncoder

_STEPS = 12  # of the motion model
_LONGEST = 500  # frames compared of any clip


@dataclass(frozen=True)
class Hearing:
    """What one clip's sound becomes.

    Attributes:
        features: at 50 Hz, [n, F].
        made: lip opening of one sample, IOD, [T].
        real: lip opening as tracked, IOD, [T].
    """

    features: Array
    made: Array
    real: Array


def compare_encoders(
    teacher: SpeechEncoder, student: CausalSpeechEncoder, clips: Sequence[Clip], sampler: MotionSampler
) -> str:
    """Medians per source and over people as a Markdown table, and the speed of both encoders.

    Columns: correlation of the student's features with the teacher's; correlation of the lip opening of one
    sample with the truth when either of them hears, and of the two openings with each other.
    """
    rows: dict[str, list[tuple[float, float, float, float]]] = {}
    people: dict[str, list[tuple[float, float, float, float]]] = {}
    seconds = {"teacher": 0.0, "student": 0.0}
    for group in _by_person(clips):
        heard = {}
        for name, encoder in (("teacher", teacher), ("student", student)):
            started = time.perf_counter()
            features = encode_together([clip.sound for clip in group], cast("SpeechEncoder", encoder))
            seconds[name] += time.perf_counter() - started
            heard[name] = [_hear(clip, each, sampler) for clip, each in zip(group, features, strict=True)]
        for clip, right, left in zip(group, heard["teacher"], heard["student"], strict=True):
            figures = _figures(right, left)
            rows.setdefault(clip.source, []).append(figures)
            people.setdefault(clip.person, []).append(figures)
    rows["people"] = [tuple(np.median(figures, axis=0)) for figures in people.values()]
    length = sum(len(clip.sound) for clip in clips) / SAMPLE_RATE
    return _table(rows) + _speeds(seconds, length)


def _by_person(clips: Sequence[Clip]) -> list[list[Clip]]:
    people: dict[str, list[Clip]] = {}
    for clip in clips:
        people.setdefault(clip.person, []).append(clip)
    return list(people.values())


def _hear(clip: Clip, features: Array, sampler: MotionSampler) -> Hearing:
    heard = replace(clip, features={"clean": features})
    sound, truth = heard.window("clean", 0, _LONGEST)
    motion = np.concatenate(list(sampler.stream([sound], frames=len(truth), seed=0, steps=_STEPS)))
    return Hearing(features, sampler.space.opening(motion), sampler.space.opening(truth))


def _figures(teacher: Hearing, student: Hearing) -> tuple[float, float, float, float]:
    return (
        feature_correlation(student.features, teacher.features),
        correlation(teacher.made, teacher.real),
        correlation(student.made, student.real),
        correlation(student.made, teacher.made),
    )


def feature_correlation(first: Array, second: Array) -> float:
    """Mean over features of the correlation over time of two recordings' features, [n, F] each."""
    first, second = (each.astype(np.float64) - each.mean(0, dtype=np.float64) for each in (first, second))
    power = np.sqrt((first**2).sum(0) * (second**2).sum(0))
    return float(((first * second).sum(0) / np.maximum(power, 1e-9)).mean())


def _table(rows: dict[str, list[tuple[float, float, float, float]]]) -> str:
    lines = [
        "| source | clips | features | lips, teacher | lips, student | student with teacher |",
        "|---|---|---|---|---|---|",
    ]
    for source, figures in rows.items():
        cells = " | ".join(f"{value:.3f}" for value in np.median(figures, axis=0))
        lines.append(f"| {source} | {len(figures)} | {cells} |")
    return "\n".join(lines) + "\n"


def _speeds(seconds: dict[str, float], length: float) -> str:
    lines = (
        f"{name}: {1000 * spent / length:.1f} ms for a second of sound" for name, spent in seconds.items()
    )
    return "\n" + "\n".join(lines) + "\n"
