"""Trains the repair on prepared data, from mixtures to the file that inference reads."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from sonic.clips import load_clips
from sonic.hub import find_model
from sonic.motion.probe import LipProbe
from sonic.speech.encoder import SpeechEncoder
from sonic.train.engine import run
from sonic.train.options import progress
from sonic.train.repair.mixtures import Speech, record_mixtures
from sonic.train.repair.network import RepairConfig
from sonic.train.repair.ship import ship_repair
from sonic.train.repair.stage import RepairStage

if TYPE_CHECKING:
    from pathlib import Path

    from sonic.motion.head import Array
    from sonic.train.engine import LoopConfig
    from sonic.train.export.onnx_file import Parity

FILE = "feature_repair.onnx"


def train_repair(
    data: Path, output: Path, loop: LoopConfig, *, minutes: float, batch: int, window: int, model: str
) -> Parity:
    """Mix, train and write `output/feature_repair.onnx`; what is already done is kept.

    Args:
        data: what `sonic train prepare` wrote; its train split is heard.
        output: folder for mixtures, checkpoints and the file.
        loop: the course of training.
        minutes: of mixtures.
        batch, window: windows a batch, features a window.
        model: whose probe says what matters for lips.
    """
    people: dict[str, list[Array]] = defaultdict(list)
    for clip in load_clips(data, "train", augmented=False):
        people[clip.person].append(np.asarray(clip.sound))
    mixtures = record_mixtures(
        Speech(people),
        SpeechEncoder(),
        output / "mixtures",
        minutes=minutes,
        seed=loop.seed,
        report=progress(every=10),
    )
    probe = LipProbe.load(find_model(model) / "probe.safetensors")
    stage = RepairStage(mixtures, probe, RepairConfig(), seed=loop.seed, batch=batch, window=window)
    run(stage, loop, output)
    return ship_repair(output, output / FILE)
