"""Figures as tables, for people (Markdown) and for programs (plain numbers)."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sonic.evaluate.closures import CLOSED
from sonic.evaluate.showing import PERFORMERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sonic.evaluate.statistics import Estimate
    from sonic.evaluate.weights import Evaluation

LIP_COLUMNS = {
    "opening": "lip opening",
    "concordance": "concordance",
    "width": "width",
    "jaw": "jaw",
    "lip_error": "lip error / still",
    "amplitude": "amplitude",
    "within_one_frame": "offset <= 1",
    "closures": "closures met",
    "true_closures": "closures true",
    "envelope": "envelope",
    "wrong_gain": "wrong-sound gain",
    "judge_within_one_frame": "judge: offset <= 1",
    "judge_confidence": "judge: confidence",
}
_SOURCE_COLUMNS = {
    "one sample": ("sample", "opening"),
    "mean of samples": ("mean", "opening"),
    "ridge": ("ridge", "opening"),
    "width": ("sample", "width"),
    "jaw": ("sample", "jaw"),
    "amplitude": ("sample", "amplitude"),
    "offset <= 1": ("mean", "within_one_frame"),
    "wrong-sound gain": ("sample", "wrong_gain"),
    "closures met": ("sample", "closures"),
    "closures true": ("sample", "true_closures"),
}
_VOICE_COLUMNS = {
    "bilabials": "m, b, p",
    "closed": "closed",
    "nearly": "nearly closed",
    "depth": "opening",
    "depth_90": "opening, 90 %",
    "vowels_closed": "vowels closed",
    "vowel_opening": "vowel opening",
    "pause_speed": "speed in pauses",
    "speech_speed": "speed in speech",
}


def weights_report(result: Evaluation) -> str:
    """All tables of an evaluation against real clips."""
    groups = result.groups()
    parts = ["## Lips, median over people", lip_table(groups["people"])]
    parts += ["## By source", source_table(groups, result.sizes())]
    parts += ["## Liveliness", lively_table(result.lively)]
    return "\n\n".join(parts)


def lip_table(performers: Mapping[str, Mapping[str, Estimate]]) -> str:
    """One row a performer, medians with their 95 % intervals; figures that nobody has are left out."""
    columns = {
        name: title
        for name, title in LIP_COLUMNS.items()
        if any(math.isfinite(figures[name].value) for figures in performers.values())
    }
    rows = (
        [PERFORMERS[name], *(with_interval(figures[column]) for column in columns)]
        for name, figures in performers.items()
    )
    return table(["", *columns.values()], rows)


def source_table(
    groups: Mapping[str, Mapping[str, Mapping[str, Estimate]]], sizes: Mapping[str, tuple[int, int]]
) -> str:
    """One row a source, then all clips, then people."""
    rows = (
        [
            name,
            *(str(size) for size in sizes[name]),
            *(with_interval(performers[who][figure]) for who, figure in _SOURCE_COLUMNS.values()),
        ]
        for name, performers in groups.items()
    )
    return table(["source", "clips", "people", *_SOURCE_COLUMNS], rows)


def lively_table(lively: Mapping[str, Mapping[str, float]]) -> str:
    """Figures of real and made faces and their ratio."""
    real, made = lively["real"], lively["sample"]
    rows = (
        [
            name,
            number(real[name]),
            number(made[name]),
            number(_ratio(made[name], real[name])),
        ]
        for name in real
    )
    return table(["", "real", "made", "made / real"], rows)


def _ratio(made: float, real: float) -> float:
    return made / real if real else math.nan


def voice_table(languages: Mapping[str, Mapping[str, float]], real_speed: float | None = None) -> str:
    """One row a language of phone-timed voices; with the speed of real lips in silence, also against that."""
    extra = [] if real_speed is None else ["pauses / real"]
    rows = (
        [
            name,
            *(number(figures[column]) for column in _VOICE_COLUMNS),
            *(number(figures["pause_speed"] / real_speed) for real_speed in [real_speed] if real_speed),
        ]
        for name, figures in languages.items()
    )
    note = f"Closed: the lip opening falls below {CLOSED:g} IOD within the phone or a frame around it."
    return f"{table(['language', *_VOICE_COLUMNS.values(), *extra], rows)}\n\n{note}"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def number(value: float) -> str:
    """A figure with as many digits as mean something; "-" where it is unknown."""
    if not math.isfinite(value):
        return "-"
    if value == round(value) and abs(value) >= 1:
        return f"{value:.0f}"
    return f"{value:.3g}" if abs(value) >= 100 or 1e-5 < abs(value) < 0.001 else f"{value:.3f}"


def with_interval(estimate: Estimate) -> str:
    """A figure and its 95 % interval."""
    if not math.isfinite(estimate.value):
        return "-"
    return f"{estimate.value:.3f} ({estimate.low:.2f} to {estimate.high:.2f})"


def plain(value: Any) -> Any:
    """Dataclass results as JSON can hold them: unknown figures are null."""
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return plain(asdict(value))
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def weights_content(result: Evaluation) -> dict[str, Any]:
    """An evaluation against real clips for JSON."""
    sizes = {name: {"clips": clips, "people": people} for name, (clips, people) in result.sizes().items()}
    content: dict[str, Any] = plain(
        {"sizes": sizes, "groups": result.groups(), "lively": result.lively, "clips": list(result.scores)}
    )
    return content
