"""Accuracy against the amount of data, and how much more would reach a target."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sonic.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TARGET = 0.95
_POOLED = "all"
_FURTHEST = 1000  # times the most data measured; nobody should believe more
_VIEWS = ("both", "lips", "mouth")  # the best first
_LEAST_SLOPE = 0.01  # of the error over the data, both as logarithms


@dataclass(frozen=True)
class Point:
    """One run: the data it learned from, and its shares of right answers at 5, 9 and 15 frames."""

    minutes: float
    people: int
    right: tuple[float, float, float]


def common_view(runs: Sequence[Path]) -> str:
    """The best view that all runs report on.

    Raises:
        ConfigError: a folder holds no report, or there is no such view.
    """
    seen = [{row["view"] for row in _report(run)["accuracy"]} for run in runs]
    for view in _VIEWS:
        if all(view in views for views in seen):
            return view
    raise ConfigError(f"{', '.join(map(str, runs))} see in different ways; give runs with the same --see.")


def points(runs: Sequence[Path], view: str) -> list[Point]:
    """What the reports of runs say about a view, the smallest run first."""
    return sorted((_point(_report(run), view) for run in runs), key=lambda point: point.minutes)


def _report(run: Path) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads((run / "report.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{run} holds no report.json; give folders of finished sync runs.") from error
    return report


def _point(report: dict[str, Any], view: str) -> Point:
    row = next(row for row in report["accuracy"] if row["source"] == _POOLED and row["view"] == view)
    five, nine, fifteen = (row[frames]["share"] for frames in ("5", "9", "15"))
    return Point(report["training"]["minutes"], report["training"]["people"], (five, nine, fifteen))


def minutes_needed(minutes: Sequence[float], right: Sequence[float], target: float = TARGET) -> float:
    """Minutes at which a power law through the errors falls to that of the target; NaN if they do not fall.

    Errors of learned models follow power laws in the amount of data (Hestness et al., arXiv 1712.00409); a
    handful of points far from the target gives an order of magnitude, not a number.
    """
    if np.ptp(minutes) == 0:
        return float("nan")
    errors = np.log(np.maximum(1 - np.asarray(right), 1e-4))
    slope, start = np.polyfit(np.log(minutes), errors, 1)
    return float(np.exp((np.log(1 - target) - start) / slope)) if slope < -_LEAST_SLOPE else float("nan")


def curve_table(curve: Sequence[Point], view: str) -> str:
    """The learning curve and its extrapolation as Markdown."""
    lines = [
        f"## Learning curve ({view})",
        "",
        "| minutes | people | 5 frames | 9 frames | 15 frames |",
        "|---" * 5 + "|",
    ]
    for point in curve:
        shares = " | ".join(f"{100 * share:.1f}" for share in point.right)
        lines.append(f"| {point.minutes:.1f} | {point.people} | {shares} |")
    if len(curve) > 2:
        lines += ["", *(_outlook(curve, place, frames) for place, frames in ((0, 5), (2, 15)))]
    return "\n".join(lines) + "\n"


def _outlook(curve: Sequence[Point], place: int, frames: int) -> str:
    needed = minutes_needed([point.minutes for point in curve], [point.right[place] for point in curve])
    if not np.isfinite(needed):
        return f"At {frames} frames the errors do not fall with more data."
    if needed > _FURTHEST * curve[-1].minutes:
        return f"{100 * TARGET:.0f} % at {frames} frames lie further away than these points can tell."
    reached = f"{100 * TARGET:.0f} % at {frames} frames with about {needed / 60:.0f} h"
    return f"A power law through these points reaches {reached}."
