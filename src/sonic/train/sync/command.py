"""What `sonic train sync` does: train, measure on people never seen, export what others use."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sonic.clips import load_clips
from sonic.errors import ConfigError
from sonic.evaluate.output import write_text
from sonic.motion.probe import LipProbe
from sonic.train.checkpoint import NAME as CHECKPOINT
from sonic.train.checkpoint import read_about
from sonic.train.engine import LoopConfig, load_averaged, run
from sonic.train.sync.curve import common_view, curve_table, points
from sonic.train.sync.report import POOLED, TestSet, write_report
from sonic.train.sync.stage import SyncSettings, SyncStage, load_sync, training_clips
from sonic.train.sync.towers import export_towers
from sonic.train.sync.views import SpeechFront, sync_clips

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

JUDGE = SyncSettings(sound="mel", split="judge", pixels=False, sound_context=2)
_TEST_SPLIT = "dev"


def train_sync(data: Path, output: Path, settings: SyncSettings, loop: LoopConfig) -> dict[str, Any]:
    """Train to the last step, going on from a checkpoint, and write the report; returns the report.

    A run that has taken all its steps is only measured again, which needs no training clips.

    Raises:
        ConfigError: there are no clips to learn from, nobody to be asked on, or the folder holds another run.
    """
    if not _finished(output, settings, loop.steps):
        run(SyncStage(training_clips(data, settings), settings, seed=loop.seed), loop, output)
    return report_on(data, output)


def _finished(output: Path, settings: SyncSettings, steps: int) -> bool:
    if not (output / CHECKPOINT).exists():
        return False
    about = read_about(output)
    if about["step"] < steps:
        return False
    if about["describe"]["settings"] != asdict(settings):
        raise ConfigError(
            f"{output} holds a finished run with other settings; choose another --output folder."
        )
    return True


def report_on(data: Path, output: Path) -> dict[str, Any]:
    """Measure a finished run on the people of the dev split and write the report into its folder."""
    _, about = load_averaged(output)
    settings = SyncSettings(**about["settings"])
    probe = data / "probe.safetensors"
    tests = _tests(data, settings)
    write_report(load_sync(output), tests, LipProbe.load(probe) if probe.exists() else None, about, output)
    report: dict[str, Any] = json.loads((output / "report.json").read_text(encoding="utf-8"))
    return report


def write_towers(output: Path, report: dict[str, Any], name: str) -> Path:
    """Export a run that saw lips as `output/name`: "judge" for evaluation, "sync" for lip-sync refinement."""
    pooled = next(row for row in report["accuracy"] if row["source"] == POOLED and row["view"] == "lips")
    right = {f"{frames} frames": round(pooled[frames]["share"], 4) for frames in ("5", "9", "15")}
    export_towers(load_sync(output), output / name, {**report["training"], "right on other people": right})
    return output / name


def add_curve(output: Path, smaller: Sequence[Path]) -> None:
    """Append the learning curve through a run and smaller ones to its report.md.

    Raises:
        ConfigError: a folder holds no report, or they saw in different ways.
    """
    runs = [*smaller, output]
    view = common_view(runs)
    path = output / "report.md"
    text = path.read_text(encoding="utf-8") + "\n" + curve_table(points(runs, view), view)
    write_text(path, text)


def _tests(data: Path, settings: SyncSettings) -> TestSet:
    recorded = load_clips(data, _TEST_SPLIT, augmented=False)
    if not recorded:
        raise ConfigError(f"{data} has no clips of the split {_TEST_SPLIT!r} to measure on.")
    front = settings.front(augmented=False)
    spoken = sync_clips(recorded, SpeechFront(), pixels=False)
    same = settings.sound == "speech" and not settings.pixels
    return TestSet(spoken if same else sync_clips(recorded, front, pixels=settings.pixels), recorded, spoken)
