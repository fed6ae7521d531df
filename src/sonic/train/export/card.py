"""A model card written from the run: what the weights are, what they learned from, and how well they do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from sonic.errors import InputError
from sonic.evaluate.output import write_text
from sonic.evaluate.report import number, table
from sonic.train.checkpoint import read_about
from sonic.train.logs import read_losses
from sonic.train.prepare.index import read_index
from sonic.train.prepare.summary import groups_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "README.md"
_LAST = 10  # entries of the losses, averaged
_FILES = {
    "config.json": "sizes of the networks, how much they have seen, how they are sampled",
    "trunk.onnx": "speech features at 50 Hz to one condition vector a video frame; runs once a window",
    "motion.onnx": "flow network; runs once a solver step",
    "student.onnx": "does the flow's work in a few steps",
    "mouth.onnx": "lights and mixes the inside of the mouth",
    "space.safetensors": "average face and bases of the motion vector",
    "probe.safetensors": "ridge regression from speech to lip opening, mouth width and jaw drop",
}
_TERMS = """\
Weights: {licence}. They were learned with, and run behind, a frozen part of Whisper tiny.en (OpenAI, MIT) for
the speech and MediaPipe's landmark networks (Google, Apache-2.0) for the face. The terms of the footage are
those of its sources; none of it is in this folder."""
_USE = """\
Only animate faces and voices of people who agreed to it, and say that a video is made where it could be taken
for real."""


def write_card(
    folder: Path, run: Path, data: Path, precision: str, *, licence: str, figures: Path | None = None
) -> Path:
    """Write `README.md` of a model folder.

    Args:
        folder: with the exported files and `config.json`.
        run: what was exported.
        data: what the run learned from, as `sonic train prepare` left it.
        precision: of the weights.
        licence: that the weights are given away under.
        figures: a folder that `sonic evaluate MODEL DATA -o` wrote.

    Raises:
        InputError: `figures` holds no evaluation.
    """
    about: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    parts = [
        f"# {about['name']}",
        f"Speech in, face motion out: {about['description']}.",
        _files(folder, precision),
    ]
    parts += [
        "## What it learned from",
        _sources(data),
        "## How",
        _training(run),
        "## Figures",
        _figures(figures),
    ]
    parts += ["## Terms", _TERMS.format(licence=licence), _USE]
    write_text(folder / NAME, "\n\n".join(parts) + "\n")
    return folder / NAME


def _files(folder: Path, precision: str) -> str:
    here = [(folder / name, text) for name, text in _FILES.items() if (folder / name).exists()]
    rows = [[f"`{path.name}`", f"{path.stat().st_size / 1e3:.0f} kB", text] for path, text in here]
    return f"{table(['file', 'size', 'what'], rows)}\n\nThe networks' weights are stored as {precision}."


def _sources(data: Path) -> str:
    """What was kept of every source in every split; nothing of "dev" and "judge" was learned from."""
    rows = [
        [group.source, group.split, str(group.kept), str(group.people), f"{group.minutes:.1f}"]
        for group in groups_of(read_index(data))
        if group.kept
    ]
    note = "Only the train split was learned from; people are in one split each."
    return f"{table(['source', 'split', 'clips', 'people', 'minutes'], rows)}\n\n{note}"


def _training(run: Path) -> str:
    about = read_about(run)
    settings = {"steps": about["step"], **about["config"], **_flat(about["describe"])}
    losses = read_losses(run / "losses.csv")[-_LAST:]
    parts = [table(["setting", "value"], ([name, _shown(value)] for name, value in settings.items()))]
    if losses:
        means = {name: float(np.mean([row[name] for row in losses])) for name in losses[0] if name != "step"}
        parts.append(f"Losses, mean of the last {len(losses)} entries of the log:")
        parts.append(table(list(means), [[number(value) for value in means.values()]]))
    return "\n\n".join(parts)


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by names with dots."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return found


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _figures(folder: Path | None) -> str:
    if folder is None:
        return "None were given; `sonic evaluate MODEL DATA -o FOLDER` makes them for `--figures FOLDER`."
    path = folder / "evaluation.md"
    if not path.exists():
        raise InputError(
            f"{folder} holds no evaluation.md; make one with: sonic evaluate MODEL DATA -o {folder}"
        )
    # The tables come with headings of their own, which belong under this one.
    return path.read_text(encoding="utf-8").strip().replace("## ", "### ")
