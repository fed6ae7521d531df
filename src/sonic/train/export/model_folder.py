"""Write trained weights as the folder that inference reads, and check that they still say the same."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch

from sonic.motion.sampler import FORMAT, SamplerConfig
from sonic.train.checkpoint import read_about
from sonic.train.export.onnx_file import Parity, Precision, export_onnx
from sonic.train.prepare.index import read_index
from sonic.train.prepare.summary import minutes

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from sonic.train.motion.network import MotionNetwork

_TRACED, _CHECKED = 40, 61  # frames of the windows that are traced and compared


def export_model(
    network: MotionNetwork,
    folder: Path,
    sampler: SamplerConfig,
    about: dict[str, Any],
    precision: Precision = "fp16",
    reference: Path | None = None,
) -> dict[str, Parity]:
    """Write `trunk.onnx`, `motion.onnx` and `config.json` of an inference folder.

    Args:
        network: what was trained.
        folder: to write.
        sampler: how it is to be sampled.
        about: entries of `config.json` about the weights.
        precision: of the weights.
        reference: another folder, that gets the same networks in full precision.

    Returns:
        By file, how far it is from the network itself on a window of another length.

    Raises:
        ExportError: that is further than the precision explains.
    """
    silence = {"silence": json.dumps(network.no_speech.detach().numpy().round(6).tolist())}
    parts: tuple[tuple[str, Any, Any, str, dict[str, str]], ...] = (
        ("trunk.onnx", network.trunk, trunk_inputs, "speech", silence),
        ("motion.onnx", network.flow, flow_inputs, "motion", {}),
    )
    parities = {
        name: export_onnx(
            module,
            inputs(network, _TRACED),
            folder / name,
            precision=precision,
            outputs=(output,),
            check=inputs(network, _CHECKED),
            notes=notes,
            reference=reference and reference / name,
        )
        for name, module, inputs, output, notes in parts
    }
    content = {"format": FORMAT, **about, "network": asdict(network.config), "sampler": asdict(sampler)}
    for place in filter(None, (folder, reference)):
        (place / "config.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return parities


def describe_run(run: Path, data: Path, name: str) -> dict[str, Any]:
    """What a model folder says about its weights: their name, and how much they have seen."""
    seen = [clip for clip in read_index(data) if clip.kept and clip.split == "train"]
    trained = {
        "steps": read_about(run)["step"],
        "clips": len(seen),
        "people": len({clip.person for clip in seen}),
        "minutes": round(minutes(seen), 1),
    }
    about = f"light engine; learned from {trained['minutes']:.0f} minutes of {trained['people']} people"
    return {"name": name, "description": about, "trained": trained}


def ship_space(data: Path, folder: Path) -> None:
    """Put the motion space and the lip probe of prepared data beside the exported networks."""
    for name in ("space.safetensors", "probe.safetensors"):
        (folder / name).write_bytes((data / name).read_bytes())


def trunk_inputs(network: MotionNetwork, frames: int) -> dict[str, Tensor]:
    """Random speech features for a window of `frames`."""
    generator = torch.Generator().manual_seed(frames)
    return {"features": torch.randn(1, 2 * frames, network.config.feature_dim, generator=generator)}


def flow_inputs(network: MotionNetwork, frames: int, batch: int = 2) -> dict[str, Tensor]:
    """Random inputs of the flow for a window of `frames`, the first fifth of it known."""
    config, generator = network.config, torch.Generator().manual_seed(frames)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    is_known = (torch.arange(frames) < frames // 5).float()[None, :, None].repeat(batch, 1, 1)
    return {
        "noisy": normal(batch, frames, config.motion_dim),
        "time": torch.rand(batch, generator=generator),
        "speech": normal(batch, frames, config.width),
        "known": normal(batch, frames, config.motion_dim) * is_known,
        "is_known": is_known,
        "style": normal(batch, 2 * config.style_dim),
    }
