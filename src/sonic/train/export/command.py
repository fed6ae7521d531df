"""From a motion run to a model folder: networks, motion space, checks and the model card."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sonic.clips import load_clips
from sonic.motion.sampler import MotionSampler
from sonic.motion.solver import STUDENT
from sonic.train.export.card import write_card
from sonic.train.export.model_folder import describe_run, export_model, ship_space
from sonic.train.export.sampled import compare_sampled
from sonic.train.motion.stage import load_trained

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sonic.motion.sampler import SamplerConfig
    from sonic.train.export.onnx_file import Precision


def export_run(
    run: Path,
    data: Path,
    folder: Path,
    *,
    name: str,
    sampler: SamplerConfig,
    precision: Precision = "fp16",
    licence: str = "Apache-2.0",
    figures: Path | None = None,
) -> Iterator[str]:
    """Write a model folder and say, line by line, how near it is to the network.

    Args:
        run: folder of `sonic train motion`.
        data: what it learned from.
        folder: to write.
        name: of the model.
        sampler: how it is to be sampled.
        precision: of the weights.
        licence: of the weights.
        figures: folder of `sonic evaluate -o`, for the card.

    Raises:
        ConfigError: nothing was trained in `run`, or something else than motion.
        ExportError: the files say something else than the network.
        InputError: `figures` holds no evaluation.
    """
    with tempfile.TemporaryDirectory() as place:
        reference = Path(place) if precision == "int8" else None
        about = describe_run(run, data, name)
        parities = export_model(load_trained(run), folder, sampler, about, precision, reference)
        for file, parity in parities.items():
            yield f"{folder / file} differs from the network by {parity.error:.2%} of its spread"
        ship_space(data, folder)
        # One that is already there learned from another flow.
        (folder / STUDENT).unlink(missing_ok=True)
        if reference is not None:
            yield _compare_lips(folder, reference, data)
    yield f"wrote {write_card(folder, run, data, precision, licence=licence, figures=figures)}"


def _compare_lips(folder: Path, reference: Path, data: Path) -> str:
    """Eight bits disturb every product a little; what counts is whether it can be seen."""
    ship_space(data, reference)
    clips = load_clips(data, "dev", augmented=False) or load_clips(data, "train", augmented=False)
    found = compare_sampled(MotionSampler(folder), MotionSampler(reference), clips)
    same = f"lips follow those in fp32 with a correlation of {found.correlation:.4f}"
    return f"{same}, {found.speed:.2f} x as fast"
