"""Whole evaluations from files to tables: a model against real clips and voices."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sonic.clips import load_clips
from sonic.errors import InputError, WeightsError
from sonic.evaluate import plots
from sonic.evaluate.closures import by_language, score_voices
from sonic.evaluate.judge import SyncJudge
from sonic.evaluate.phones import read_voices
from sonic.evaluate.report import plain, voice_table, weights_content, weights_report
from sonic.evaluate.showing import Plan
from sonic.evaluate.weights import evaluate, quick_choice
from sonic.motion.probe import LipProbe
from sonic.motion.space import MotionSpace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sonic.clips import Clip
    from sonic.evaluate.performance import Performer
    from sonic.evaluate.weights import Evaluation
    from sonic.motion.sampler import MotionSampler
    from sonic.progress import OnProgress

QUICK = Plan(steps=10, samples=3, longest=250)


@dataclass(frozen=True)
class Outcome:
    """Tables, figures and pictures of one evaluation.

    Attributes:
        report: Markdown.
        content: for JSON.
        drawings: write pictures into a folder; they raise DependencyError without matplotlib.
        notes: what is missing and how to get it.
    """

    report: str
    content: dict[str, Any]
    drawings: tuple[Callable[[Path], list[Path]], ...]
    notes: tuple[str, ...] = ()


def judge_model(
    performer: Performer,
    data: Path | None,
    voices: Path | None,
    plan: Plan,
    *,
    quick: bool = False,
    on_progress: OnProgress | None = None,
) -> Outcome:
    """Judge a model on the dev split of prepared data, on phone-timed voices, or on both.

    Raises:
        InputError, ConfigError: there is nothing to judge it on.
    """
    judge, notes = find_judge()
    parts = [describe(plan)]
    content: dict[str, Any] = {"format": 1, "plan": plain(plan)}
    drawings: list[Callable[[Path], list[Path]]] = []
    real_speed = None
    if data is not None:
        result = _against_clips(performer.sampler, data, plan, judge, quick=quick, on_progress=on_progress)
        real_speed = result.lively["real"]["speed_in_silence"]
        parts.append(weights_report(result))
        content |= weights_content(result)
        drawings.append(lambda folder: plots.draw_weights(result, folder))
    if voices is not None:
        languages = by_language(score_voices(performer, read_voices(voices), on_progress=on_progress))
        parts.append("## Voices with known phones\n\n" + voice_table(languages, real_speed))
        content["voices"] = plain(languages)
        drawings.append(lambda folder: plots.draw_voices(languages, folder))
    return Outcome("\n\n".join(parts), content, tuple(drawings), notes)


def describe(plan: Plan) -> str:
    """How the model was asked, in a sentence."""
    road = "the network alone" if plan.bare else "with the smoothing and timing of finished videos"
    return f"{plan.steps} steps, {plan.samples} samples, {plan.longest} frames of a clip at most, {road}."


def find_judge() -> tuple[SyncJudge | None, tuple[str, ...]]:
    """The judge of lip sync, or None and why its columns are missing."""
    try:
        return SyncJudge.load(), ()
    except WeightsError as error:
        return None, (f"the columns of the sync judge are left out: {error}",)


def _against_clips(
    sampler: MotionSampler,
    data: Path,
    plan: Plan,
    judge: SyncJudge | None,
    *,
    quick: bool,
    on_progress: OnProgress | None,
) -> Evaluation:
    clips = load_clips(data, "dev", augmented=False)
    if not clips:
        raise InputError(f"{data} has no clips in its dev split: prepare clips of people kept for judging.")
    chosen = in_space(quick_choice(clips) if quick else clips, data / "space.safetensors", sampler.space)
    probe = LipProbe.load(data / "probe.safetensors")
    return evaluate(sampler, probe, chosen, plan, judge=judge, on_progress=on_progress)


def in_space(clips: list[Clip], prepared_in: Path, space: MotionSpace) -> list[Clip]:
    """The clips with their motion in a model's own space, which need not be that of the data."""
    theirs = MotionSpace.load(prepared_in)
    if all(np.array_equal(getattr(theirs, item.name), getattr(space, item.name)) for item in fields(space)):
        return clips
    return [replace(clip, motion=space.encode(clip.landmarks)) for clip in clips]
