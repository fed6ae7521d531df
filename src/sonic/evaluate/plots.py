"""Pictures of an evaluation; they need matplotlib, which the evaluate extra brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sonic.errors import DependencyError
from sonic.evaluate.closures import CLOSED
from sonic.evaluate.figures import column
from sonic.motion.space import FRAME_RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sonic.evaluate.weights import Evaluation
    from sonic.motion.head import Array

_REAL, _MADE, _OTHER = "#222222", "#c2410c", "#2563eb"
_LONG = 60  # frames; shorter curves show nothing


def draw_weights(result: Evaluation, folder: Path) -> list[Path]:
    """Correlations by source, two example clips and offsets as PNG files; raises DependencyError."""
    return [
        _save(folder / "correlations.png", lambda axes: _correlations(axes, result)),
        _save(folder / "offsets.png", lambda axes: _offsets(axes, result)),
        _save(folder / "curves.png", lambda axes: _curves(axes, result), rows=2),
    ]


def draw_voices(languages: Mapping[str, Mapping[str, float]], folder: Path) -> list[Path]:
    """Closures by language as a PNG file; raises DependencyError."""
    return [_save(folder / "closures.png", lambda axes: _closures(axes, languages))]


def draw_films(openings: Mapping[str, tuple[Array, Array]], folder: Path) -> list[Path]:
    """Lip opening over loudness of finished videos as a PNG file; raises DependencyError."""
    count = len(openings)
    return [_save(folder / "openings.png", lambda axes: _openings(axes, openings), rows=count)]


def _save(path: Path, draw: Callable[[Any], None], rows: int = 1) -> Path:
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise DependencyError(
            "Plots need matplotlib: pip install 'sonic-portrait[evaluate]' brings it."
        ) from error
    figure = Figure(figsize=(8, 1.6 + 2.4 * rows), layout="constrained")
    axes = figure.subplots(rows, 1)
    draw(axes)
    partial = path.with_name(f".{path.name}")
    figure.savefig(partial, dpi=110, format="png")
    return partial.replace(path)


def _correlations(axes: Any, result: Evaluation) -> None:
    for performer, style in (("sample", "-"), ("ridge", ":")):
        scores = result.of(performer)
        for index, source in enumerate(sorted({score.source for score in scores})):
            values = np.sort(column([x for x in scores if x.source == source], "opening"))
            values = np.concatenate([[-1], values, [1]])
            share = np.linspace(0, 1, len(values) - 1)[[*range(len(values) - 1), -1]]
            label = source if performer == "sample" else None
            axes.step(values, share, style, color=f"C{index}", label=label, where="post")
    axes.set(
        xlabel="correlation of lip opening (dotted: ridge)", ylabel="share of clips below", xlim=(-0.2, 1)
    )
    axes.legend(frameon=False)


def _offsets(axes: Any, result: Evaluation) -> None:
    edges = np.arange(-4.25, 4.5, 0.5)
    for name, label, colour in (
        ("offset", "against the truth", _MADE),
        ("judge_offset", "heard by the judge", _OTHER),
    ):
        values = column(result.of("sample"), name)
        values = np.clip(values[np.isfinite(values)], -4, 4)
        if len(values):
            axes.hist(values, edges, histtype="step", label=label, color=colour)
    axes.axvspan(-1, 1, color="0.92", zorder=0)
    axes.set(xlabel="offset, frames", ylabel="clips")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False)


def _curves(axes: Sequence[Any], result: Evaluation) -> None:
    for axis, name in zip(axes, typical_clips(result), strict=False):
        real, made = result.openings[name]
        time = np.arange(len(real)) / FRAME_RATE
        axis.plot(time, real, color=_REAL, label="real")
        axis.plot(time, made, color=_MADE, label="made")
        axis.set(title=name, ylabel="lip opening, IOD", xlabel="seconds")
        axis.legend(frameon=False)


def typical_clips(result: Evaluation) -> list[str]:
    """Two clips to look at, long ones if there are any: a median one and one of the lower quarter."""
    scores = result.of("sample")
    long = [score for score in scores if result.openings[score.clip].shape[1] >= _LONG] or scores
    ranked = sorted(long, key=lambda score: score.figures.opening)
    return [ranked[len(ranked) // 2].clip, ranked[len(ranked) // 4].clip]


def _closures(axes: Any, languages: Mapping[str, Mapping[str, float]]) -> None:
    places = np.arange(len(languages))
    for shift, name, label, colour in (
        (-0.2, "closed", "m, b, p that close", _MADE),
        (0.2, "vowels_closed", "vowels that stay closed", "0.6"),
    ):
        axes.bar(places + shift, [row[name] for row in languages.values()], 0.4, label=label, color=colour)
    axes.axhline(0.95, color=_REAL, linewidth=0.8, linestyle=":")
    axes.set(ylim=(0, 1.2), ylabel=f"share below {CLOSED:g} IOD")
    axes.set_xticks(places, [name.partition("-")[0] for name in languages])
    axes.legend(frameon=False, loc="upper left", ncols=2)


def _openings(axes: Any, openings: Mapping[str, tuple[Array, Array]]) -> None:
    for axis, (name, (opening, level)) in zip(np.atleast_1d(axes), openings.items(), strict=True):
        time = np.arange(len(opening)) / FRAME_RATE
        axis.plot(time, opening, color=_MADE)
        axis.set(title=name, ylabel="lip opening, IOD", xlabel="seconds")
        loud = axis.twinx()
        axis.set_zorder(loud.get_zorder() + 1)
        axis.patch.set_visible(False)
        loud.fill_between(time, level, level.min(), color=_OTHER, alpha=0.15)
        loud.set(ylabel="loudness, dB")
