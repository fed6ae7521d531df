"""Write a trained repair network as the file that inference reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import torch

from sonic.speech.repair import NOTES
from sonic.train.engine import load_averaged
from sonic.train.export.onnx_file import Parity, export_onnx
from sonic.train.repair.network import RepairConfig, RepairNetwork

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

_FEATURES, _OTHER_FEATURES = 60, 7  # of the recordings that the network is traced and checked with


def ship_repair(run: Path, path: Path) -> Parity:
    """Write the averaged network of a run as an ONNX file with half-precision weights.

    Raises:
        ExportError: the file says something else than the network.
        ConfigError: the run holds no checkpoint.
    """
    weights, about = load_averaged(run)
    values = about["network"] | {"dilations": tuple(about["network"]["dilations"])}
    network = RepairNetwork(RepairConfig(**values))
    network.load_state_dict(weights)
    return write_repair(network, path)


def write_repair(network: RepairNetwork, path: Path) -> Parity:
    """Write a repair network; see `ship_repair`."""
    dim = network.config.feature_dim
    return export_onnx(
        network.eval(),
        {"features": _features(_FEATURES, dim)},
        path,
        outputs=("repaired",),
        free={"features": (1,)},
        check={"features": _features(_OTHER_FEATURES, dim)},
        notes={NOTES: json.dumps({"reach": network.config.reach})},
    )


def _features(count: int, dim: int) -> Tensor:
    return torch.randn(1, count, dim, generator=torch.Generator().manual_seed(count))
