"""A sync network's towers as the folder that `SyncTowers` reads: two ONNX networks and their origin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from sonic.evaluate.output import write_text
from sonic.motion.sync import FORMAT, LIP_POINTS
from sonic.train.export.onnx_file import export_onnx

if TYPE_CHECKING:
    from pathlib import Path

    from sonic.train.sync.network import SyncNetwork

_FRAMES, _OTHER_FRAMES = 40, 61  # that the networks are traced and checked with


class _Face(nn.Module):
    def __init__(self, network: SyncNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, lips: Tensor) -> Tensor:
        return self.network.face(lips)


def export_towers(network: SyncNetwork, folder: Path, about: dict[str, Any]) -> None:
    """Write `face.onnx`, `sound.onnx` and a JSON file named like the folder, for `SyncTowers`.

    Args:
        network: with a tower for lip points; other towers stay behind.
        folder: is made if it is not there.
        about: what the networks learned from and how well they do, for a person to read.

    Raises:
        ExportError: the files do not say what the network says.
    """
    for name, module in (("face", _Face(network)), ("sound", network.sound)):
        inputs, check = (_inputs(name, network, frames) for frames in (_FRAMES, _OTHER_FRAMES))
        export_onnx(
            module,
            inputs,
            folder / f"{name}.onnx",
            outputs=("windows",),
            free={next(iter(inputs)): (1,)},
            check=check,
        )
    content = json.dumps({"format": FORMAT, **about}, indent=2)
    write_text(folder / f"{folder.name}.json", content + "\n")


def _inputs(name: str, network: SyncNetwork, frames: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(frames)
    if name == "face":
        return {"lips": 0.1 * torch.randn(1, frames, len(LIP_POINTS), 3, generator=generator)}
    config = network.config
    return {"rows": torch.randn(1, config.sound_rows * frames, config.sound_dim, generator=generator)}
