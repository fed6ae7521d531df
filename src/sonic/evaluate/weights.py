"""Judge a motion model on people it never saw: its samples beside the truth and what is too easy."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sonic.evaluate.figures import Score, by_person, measure, summarise
from sonic.evaluate.judge import SHORTEST
from sonic.evaluate.lips import wrong_gain
from sonic.evaluate.liveliness import liveliness, seam_ratio
from sonic.evaluate.rest import heard_frames, opening_speed, silences
from sonic.evaluate.showing import PERFORMERS, Plan, show
from sonic.evaluate.statistics import UNKNOWN
from sonic.progress import Reporter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sonic.clips import Clip
    from sonic.evaluate.judge import JudgeResult, SyncJudge
    from sonic.evaluate.rest import Mask
    from sonic.evaluate.showing import Showing
    from sonic.evaluate.statistics import Estimate
    from sonic.motion.head import Array
    from sonic.motion.probe import LipProbe
    from sonic.motion.sampler import MotionSampler
    from sonic.motion.space import MotionSpace
    from sonic.progress import OnProgress

_LONG = 110  # frames; shorter clips say nothing about blinks and heads
_QUICK_CLIPS = 2  # a person
_LIVELY = ("sample", "real")
_PIXELS = 100.0  # an eye distance, for the judge


@dataclass(frozen=True)
class Heard:
    """The sound of a clip's frames: mono at 16 kHz from the first on, loudness, and where it is silent."""

    sound: Array
    level: Array
    silent: Mask


@dataclass(frozen=True)
class Played:
    """One clip with everything that is needed to judge how it was performed."""

    clip: Clip
    heard: Heard
    real: Showing
    shown: Mapping[str, Showing]


@dataclass(frozen=True)
class Evaluation:
    """Scores of all clips and performers, liveliness of the model and of real faces, and openings to look at.

    Attributes:
        scores: one per clip and performer.
        lively: figures of `liveliness` and `resting`, by performer ("sample", "real").
        openings: per clip the lip opening of truth and sample, [2, T].
    """

    scores: Sequence[Score]
    lively: dict[str, dict[str, float]]
    openings: dict[str, Array]

    def of(self, performer: str) -> list[Score]:
        """One performer's scores."""
        return [score for score in self.scores if score.performer == performer]

    def groups(self) -> dict[str, dict[str, dict[str, Estimate]]]:
        """Figures by group (each source, "all" clips, "people") and performer."""
        everyone = {name: self.of(name) for name in PERFORMERS}
        sources = sorted({score.source for score in self.scores})
        chosen = {s: {n: [x for x in v if x.source == s] for n, v in everyone.items()} for s in sources}
        chosen |= {"all": everyone, "people": {name: by_person(v) for name, v in everyone.items()}}
        return {
            group: {name: summarise(scores) for name, scores in performers.items()}
            for group, performers in chosen.items()
        }

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Clips and people of every group."""
        one = self.of("sample")
        rows = {source: [x for x in one if x.source == source] for source in {score.source for score in one}}
        return {
            name: (len(group), len({x.person for x in group}))
            for name, group in (rows | {"all": one, "people": one}).items()
        }


def evaluate(
    sampler: MotionSampler,
    probe: LipProbe,
    clips: Sequence[Clip],
    plan: Plan | None = None,
    *,
    judge: SyncJudge | None = None,
    on_progress: OnProgress | None = None,
) -> Evaluation:
    """Let a model perform every clip and compare it with the truth, the floor and the sync judge's opinion.

    Args:
        sampler: the model.
        probe: the linear floor.
        clips: of people outside the training data.
        plan: how to sample; 8 samples of 25 steps if not given.
        judge: columns of its own; left out if not given.
        on_progress: called after every clip.
    """
    plan, reporter = plan or Plan(), Reporter(on_progress)
    reporter.begin("clips", len(clips))
    scores: list[Score] = []
    played: list[Played] = []
    for index, clip in enumerate(clips):
        real, shown = show(sampler, probe, clip, other_clip(clips, index), plan, index * plan.samples)
        one = Played(clip, listen(clip, len(real.motion)), real, shown)
        scores += _scores(one, sampler.space, judge)
        played.append(replace(one, shown={name: shown[name] for name in _LIVELY}))
        reporter.step(index + 1)
    return Evaluation(scores, compare_liveliness(played, sampler), _openings(played))


def quick_choice(clips: Sequence[Clip]) -> list[Clip]:
    """The two longest clips of every person, for a first look."""
    taken: Counter[str] = Counter()
    chosen = []
    for clip in sorted(clips, key=lambda clip: -len(clip.motion)):
        if taken[clip.person] < _QUICK_CLIPS:
            taken[clip.person] += 1
            chosen.append(clip)
    return sorted(chosen, key=lambda clip: clip.name)


def other_clip(clips: Sequence[Clip], index: int) -> Clip:
    """The next clip of the same source, so that only the words differ in kind."""
    same = [clip for clip in clips if clip.source == clips[index].source] or list(clips)
    return same[(same.index(clips[index]) + 1) % len(same)]


def listen(clip: Clip, frames: int) -> Heard:
    """What is heard in the first `frames` frames of a clip."""
    level, heard = heard_frames(clip.sound, clip.start, frames)
    begin = round(clip.start * 640)
    sound = clip.sound[max(0, begin) :]
    return Heard(np.pad(sound, (max(0, -begin), 0)), level, silences(heard))


def compare_liveliness(played: Sequence[Played], sampler: MotionSampler) -> dict[str, dict[str, float]]:
    """Blinks, head, tremor, rest and seams of real faces and of samples that heard the same."""
    long = [one for one in played if len(one.real.motion) >= _LONG] or list(played)
    space, hop = sampler.space, sampler.config.hop
    found = {}
    for name in _LIVELY:
        tracks = [one.shown[name].motion for one in long]
        rest = resting([(one.shown[name].opening, one.heard.silent) for one in played])
        found[name] = liveliness(tracks, space) | rest | seams(tracks, space, hop)
    return found


def resting(openings: Sequence[tuple[Array, Mask]]) -> dict[str, float]:
    """Opening speed in silence and elsewhere, IOD a second, over series of openings and silent frames."""
    speeds = np.concatenate([opening_speed(np.maximum(opening, 0)) for opening, _ in openings])
    silent = np.concatenate([mask for _, mask in openings])
    return {
        "silent_seconds": float(silent.sum() / 25),
        "speed_in_silence": float(speeds[silent].mean()) if silent.any() else float("nan"),
        "speed_in_speech": float(speeds[~silent].mean()) if (~silent).any() else float("nan"),
    }


def seams(tracks: Sequence[Array], space: MotionSpace, hop: int) -> dict[str, float]:
    """Per group of motion, acceleration at the joins of windows of `hop` frames over that elsewhere."""
    joined = [track for track in tracks if len(track) > hop + 1]
    found = {}
    for name, group in space.groups.items():
        ratios = [seam_ratio(track[:, group], range(hop, len(track), hop)) for track in joined]
        found[f"seam_{name}"] = float(np.mean(ratios)) if ratios else float("nan")
    return found


def _scores(one: Played, space: MotionSpace, judge: SyncJudge | None) -> list[Score]:
    figures = {
        name: measure(shown, one.real, one.heard.level, space, _judged(judge, name, one, space))
        for name, shown in one.shown.items()
    }
    gain = wrong_gain(figures["sample"].opening, figures["wrong"].opening)
    figures["sample"] = replace(figures["sample"], wrong_gain=gain)
    figures["real"] = replace(figures["real"], lip_error=UNKNOWN)  # its motion is the truth itself
    clip = one.clip
    return [Score(clip.name, clip.source, clip.person, name, found) for name, found in figures.items()]


def _judged(judge: SyncJudge | None, name: str, one: Played, space: MotionSpace) -> JudgeResult | None:
    frames = len(one.real.motion)
    if judge is None or name == "still" or frames < SHORTEST or len(one.heard.sound) < SHORTEST * 640:
        return None
    if name == "real":
        return judge.score(one.heard.sound, one.clip.landmarks[:frames])
    displacement = space.decode(one.shown[name].motion).displacement
    return judge.score(one.heard.sound, (space.template + displacement) * _PIXELS)


def _openings(played: Sequence[Played]) -> dict[str, Array]:
    return {one.clip.name: np.stack([one.real.opening, one.shown["sample"].opening]) for one in played}
