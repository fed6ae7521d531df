"""Write students as the files that inference reads: beside the flow they learned from, or as an encoder."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch

from sonic.evaluate.output import write_text
from sonic.motion.solver import STUDENT, Lessons
from sonic.speech.causal import NOTES
from sonic.train.distill.speech_network import CausalConfig, CausalEncoder
from sonic.train.engine import load_averaged
from sonic.train.export.onnx_file import Parity, export_onnx
from sonic.train.motion.network import FlowNetwork, NetworkConfig

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

_FRAMES, _OTHER_FRAMES = 40, 61  # of the windows that a network is traced and checked with


def ship_student(run: Path, teacher: Path, folder: Path, *, guidance: float) -> Parity:
    """Copy a model folder to `folder` and add the student of a run to it; both may be the same folder.

    Raises:
        ExportError: the file says something else than the network.
        ConfigError: the run holds no checkpoint.
    """
    weights, about = load_averaged(run)
    config = NetworkConfig(**about["network"])
    network = FlowNetwork(config)
    network.load_state_dict(weights)
    if folder.resolve() != teacher.resolve():
        shutil.copytree(teacher, folder, dirs_exist_ok=True)
    parity = export_onnx(
        network.eval(),
        _window(config, _FRAMES),
        folder / STUDENT,
        outputs=("motion",),
        check=_window(config, _OTHER_FRAMES),
    )
    _note(folder / "config.json", Lessons(steps=about["steps"], guidance=guidance))
    return parity


def _note(path: Path, lessons: Lessons) -> None:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) | {"student": asdict(lessons)}
    write_text(path, json.dumps(content, indent=2) + "\n")


def _window(config: NetworkConfig, frames: int) -> dict[str, Tensor]:
    """Random inputs of the student for one window, the first fifth of it known."""
    generator = torch.Generator().manual_seed(frames)
    is_known = (torch.arange(frames) < frames // 5).float()[None, :, None]
    sizes = {"noisy": config.motion_dim, "speech": config.width, "known": config.motion_dim}
    made = {name: torch.randn(1, frames, size, generator=generator) for name, size in sizes.items()}
    return {
        "noisy": made["noisy"],
        "time": torch.rand(1, generator=generator),
        "speech": made["speech"],
        "known": made["known"] * is_known,
        "is_known": is_known,
        "style": torch.randn(1, 2 * config.style_dim, generator=generator),
    }


def ship_encoder(run: Path, path: Path) -> Parity:
    """Write the causal encoder of a run as an ONNX file.

    Raises:
        ExportError: the file says something else than the network.
        ConfigError: the run holds no checkpoint.
    """
    weights, about = load_averaged(run)
    values = about["network"] | {"dilations": tuple(about["network"]["dilations"])}
    config = CausalConfig(**values)
    network = CausalEncoder(config)
    network.load_state_dict(weights)
    memory = network.no_memory(1)
    return export_onnx(
        network.eval(),
        {"mel": _sound(config, _FRAMES), "memory": memory},
        path,
        outputs=("features", "memory_after"),
        free={"mel": (1,), "memory": ()},
        check={"mel": _sound(config, 1), "memory": torch.randn_like(memory)},
        notes={NOTES: json.dumps({"lookahead": config.lookahead, "memory": list(memory.shape)})},
    )


def _sound(config: CausalConfig, features: int) -> Tensor:
    generator = torch.Generator().manual_seed(features)
    return torch.randn(1, features, config.mel_dim, generator=generator)
