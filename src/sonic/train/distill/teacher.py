"""The teacher of a motion student: a model folder, its flow network read back out of the ONNX file."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from sonic.errors import WeightsError
from sonic.train.motion.network import FlowNetwork, NetworkConfig

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor


def read_flow(folder: Path) -> tuple[FlowNetwork, NetworkConfig]:
    """The flow network of a model folder, as it was before export, ready to be trained on.

    Raises:
        WeightsError: the folder does not say what its network looks like, or its weights do not fit that.
    """
    try:
        about: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        config = NetworkConfig(**about["network"])
        network = FlowNetwork(config)
        network.load_state_dict(_fitting(weights_of(onnx.load(str(folder / "motion.onnx"))), network))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise WeightsError(f"{folder} holds no motion model to learn from ({error}).") from error
    return network, config


def fingerprint(folder: Path) -> str:
    """Eight letters that change when a model's networks or settings do."""
    total = 0
    for name in ("config.json", "trunk.onnx", "motion.onnx"):
        total = zlib.crc32((folder / name).read_bytes(), total)
    return f"{total:08x}"


def weights_of(model: Any) -> dict[str, Tensor]:
    """The weights of an exported network by their names in torch.

    The exporter renames the matrix of a linear layer and turns it over, but keeps the name of its bias.
    """
    stored = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Cast" and node.input[0] in stored:
            stored[node.output[0]] = stored[node.input[0]]
    weights = {name: value for name, value in stored.items() if "." in name}
    matrices = {
        node.output[0]: stored[node.input[1]]
        for node in model.graph.node
        if node.op_type == "MatMul" and node.input[1] in stored
    }
    for node in model.graph.node:
        if node.op_type == "Add":
            for summand, bias in (node.input, reversed(node.input)):
                if summand in matrices and bias.endswith(".bias"):
                    weights[f"{bias.removesuffix('.bias')}.weight"] = matrices[summand].T
    return {name: torch.from_numpy(value.astype(np.float32)) for name, value in weights.items()}


def _fitting(weights: dict[str, Tensor], network: FlowNetwork) -> dict[str, Tensor]:
    return {name: weights[name] for name in network.state_dict()}
