"""Figures as tables: how a model compares with the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sonic.evaluate.weights import Evaluation


_COLUMNS = {
    "clips": "clips",
    "people": "people",
    "sample": "one sample",
    "mean": "mean of samples",
    "ridge": "ridge",
    "width": "width",
    "jaw": "jaw",
    "amplitude": "amplitude",
    "within_one_frame": "offset <= 1",
    "wrong_gain": "wrong sound",
    "closures": "closures met",
}


def table(result: Evaluation) -> str:
    """Medians per source as a Markdown table."""
    rows = result.rows()
    lines = [f"| source | {' | '.join(_COLUMNS.values())} |", "|---" * (len(_COLUMNS) + 1) + "|"]
    for name, values in rows.items():
        cells = [_cell(values[column], column in ("clips", "people")) for column in _COLUMNS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines.append("")
    for name in ("all", "people"):
        low, high = rows[name]["sample_low"], rows[name]["sample_high"]
        lines.append(f"95 % interval of the median for one sample, {name}: {low:.3f} to {high:.3f}")
    lines += ["", "| liveliness | real | made |", "|---|---|---|"]
    lines += [f"| {name} | {real:.3f} | {result.made[name]:.3f} |" for name, real in result.real.items()]
    return "\n".join(lines)


def _cell(value: float, is_count: bool) -> str:
    if np.isnan(value):
        return "-"
    return f"{value:.0f}" if is_count else f"{value:.3f}"
