"""Rebuilds Resemblyzer's voice encoder as an ONNX graph with half-precision weights.

Needs `onnx` and `torch`. Usage: python scripts/convert_voice_encoder.py pretrained.pt TARGET.onnx
The graph maps mel power `mel` [T, B, 40] of B stretches of voice to unit vectors `voices` [B, 256].
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from half_graph import HalfGraph

if TYPE_CHECKING:
    from numpy.typing import NDArray

LAYERS = 3
BANDS, WIDTH = 40, 256


def in_order(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of a PyTorch LSTM, gates i, f, g, o, in the order of ONNX: i, o, f, g."""
    i, f, g, o = np.split(values, 4)
    return np.concatenate([i, o, f, g])


def layer(weights: dict[str, NDArray[np.float32]], index: int) -> tuple[NDArray[np.float32], ...]:
    kernels = [in_order(weights[f"lstm.weight_{part}_l{index}"])[None] for part in ("ih", "hh")]
    biases = [in_order(weights[f"lstm.bias_{part}_l{index}"]) for part in ("ih", "hh")]
    return *kernels, np.concatenate(biases)[None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    state = torch.load(arguments.source, map_location="cpu", weights_only=True)["model_state"]
    weights = {name: tensor.numpy() for name, tensor in state.items()}
    graph = HalfGraph()
    value, hidden = "mel", ""
    for index in range(LAYERS):
        value, hidden, _ = graph.lstm(value, layer(weights, index))
    last = graph.emit("Squeeze", hidden, graph.axes(0))
    raw = graph.emit("Relu", graph.linear(last, weights["linear.weight"].T, weights["linear.bias"]))
    graph.emit("LpNormalization", raw, axis=1, p=2, output="voices")
    graph.save(arguments.target, {"mel": ["time", "stretches", BANDS]}, {"voices": ["stretches", WIDTH]})


if __name__ == "__main__":
    main()
