"""Rebuilds DTLN's two networks for any number of frames a call, with half-precision weights.

Needs the package `onnx`. Usage: python scripts/convert_denoiser.py MODEL_1.onnx MODEL_2.onnx FOLDER
`denoiser_spectrum.onnx` maps magnitudes [T, 257] to a mask [T, 257], `denoiser_signal.onnx` frames
[T, 512] to clean frames [T, 512]. Both take and give their memory [4, 1, 128]: hidden and cell states of
two layers.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
from half_graph import HalfGraph
from onnx import numpy_helper

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Weights = dict[str, NDArray[np.float32]]
    Layer = tuple[NDArray[np.float32], ...]

UNITS = 128
FRAME, BINS = 512, 257
NORMALIZATION = "model_2/instant_layer_normalization_1"


def read_weights(path: Path) -> Weights:
    initializers = onnx.load(path).graph.initializer
    return {tensor.name.removesuffix(":0"): numpy_helper.to_array(tensor) for tensor in initializers}


def onnx_layer(weights: Weights, name: str) -> Layer:
    """An LSTM that is one node in the source."""
    return weights[f"{name}_W"], weights[f"{name}_R"], weights[f"{name}_B"]


def keras_layer(weights: Weights, name: str) -> Layer:
    """An LSTM that the source spells out as products; Keras orders the gates i, f, c, o."""
    kernels = [weights[f"model_2/{name}/{part}/ReadVariableOp/resource"] for part in ("MatMul", "MatMul_1")]
    bias = weights[f"model_2/{name}/BiasAdd/ReadVariableOp/resource"]
    input_bias = in_order(bias[None])
    return *(in_order(kernel)[None] for kernel in kernels), np.pad(
        input_bias.reshape(1, -1), ((0, 0), (0, 4 * UNITS))
    )


def in_order(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """A Keras kernel [N, 4H] as ONNX wants it, [4H, N] with the gates in the order i, o, f, c."""
    i, f, c, o = np.split(kernel.T, 4)
    return np.concatenate([i, o, f, c])


def two_layers(graph: HalfGraph, value: str, layers: list[Layer]) -> str:
    """The second layer's outputs [T, 128] for `value` [T, N]; also emits the graph's output `new_memory`."""
    names = [f"memory_{k}" for k in range(4)]
    graph.nodes.append(onnx.helper.make_node("Split", ["memory"], names, axis=0))
    value = graph.emit("Unsqueeze", value, graph.axes(1))
    states = []
    for index, layer in enumerate(layers):
        value, hidden, cell = graph.lstm(value, layer, *names[2 * index : 2 * index + 2])
        states += [hidden, cell]
    graph.emit("Concat", *states, axis=0, output="new_memory")
    return graph.emit("Squeeze", value, graph.axes(1))


def build_spectrum(weights: Weights, path: Path) -> None:
    graph = HalfGraph()
    heard = two_layers(graph, "magnitudes", [onnx_layer(weights, name) for name in ("lstm_4", "lstm_5")])
    value = graph.linear(heard, weights["dense_2/kernel"], weights["dense_2/bias"])
    graph.emit("Sigmoid", value, output="mask")
    save(graph, path, {"magnitudes": ["frames", BINS]}, {"mask": ["frames", BINS]})


def build_signal(weights: Weights, path: Path) -> None:
    graph = HalfGraph()
    encoded = graph.emit("MatMul", "noisy", graph.half(weights["conv1d_2/kernel"][:, :, 0].T))
    value = normalize(graph, encoded, weights)
    heard = two_layers(graph, value, [keras_layer(weights, name) for name in ("lstm_6", "lstm_7")])
    bias = weights["model_2/dense_3/BiasAdd/ReadVariableOp/resource"]
    value = graph.linear(heard, weights["model_2/dense_3/Tensordot/Reshape_1"], bias)
    masked = graph.emit("Mul", encoded, graph.emit("Sigmoid", value))
    graph.emit("MatMul", masked, graph.half(weights["conv1d_3/kernel"][:, :, 0].T), output="clean")
    save(graph, path, {"noisy": ["frames", FRAME]}, {"clean": ["frames", FRAME]})


def normalize(graph: HalfGraph, value: str, weights: Weights) -> str:
    scale = graph.constant(weights[f"{NORMALIZATION}/mul/ReadVariableOp/resource"])
    shift = graph.constant(weights[f"{NORMALIZATION}/add_1/ReadVariableOp/resource"])
    epsilon = float(weights[f"{NORMALIZATION}/add/y"])
    return graph.emit("LayerNormalization", value, scale, shift, axis=-1, epsilon=epsilon)


def save(
    graph: HalfGraph, path: Path, inputs: dict[str, list[object]], outputs: dict[str, list[object]]
) -> None:
    graph.save(path, inputs | {"memory": [4, 1, UNITS]}, outputs | {"new_memory": [4, 1, UNITS]})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    build_spectrum(read_weights(arguments.first), arguments.folder / "denoiser_spectrum.onnx")
    build_signal(read_weights(arguments.second), arguments.folder / "denoiser_signal.onnx")


if __name__ == "__main__":
    main()
