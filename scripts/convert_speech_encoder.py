"""Builds the lower half of Whisper's speech encoder as an ONNX graph with half-precision weights.

Needs the package `onnx`. Usage: python scripts/convert_speech_encoder.py ENCODER.safetensors TARGET.onnx
The graph maps a log-mel spectrogram `mel` [2T, 80] to the hidden states `features` [T, 384] behind the
third of four layers, which predict phones better than the last one does. T is at most 1500.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

LAYERS = 3
HEADS = 6
WIDTH = 384
MEL_BANDS = 80


class EncoderGraph:
    """Collects nodes and initializers while the network is written down from input to output."""

    def __init__(self, weights: dict[str, NDArray[np.float16]]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def emit(self, kind: str, *inputs: str, output: str = "", **attributes: object) -> str:
        output = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, values: NDArray[np.generic]) -> str:
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def weight(self, name: str, *, transposed: bool = False) -> str:
        """A stored tensor; the runtime folds the Cast to single precision when it loads the graph."""
        values = self.weights[f"encoder.{name}"]
        return self.emit("Cast", self.constant(values.T if transposed else values), to=TensorProto.FLOAT)

    def scalar(self, value: float) -> str:
        return self.constant(np.array(value, np.float32))

    def gelu(self, value: str) -> str:
        error = self.emit("Erf", self.emit("Div", value, self.scalar(np.sqrt(2))))
        product = self.emit("Mul", value, self.emit("Add", error, self.scalar(1)))
        return self.emit("Mul", product, self.scalar(0.5))

    def convolve(self, value: str, name: str, stride: int) -> str:
        operands = [value, self.weight(f"{name}.weight"), self.weight(f"{name}.bias")]
        return self.gelu(self.emit("Conv", *operands, kernel_shape=[3], pads=[1, 1], strides=[stride]))

    def linear(self, value: str, name: str) -> str:
        product = self.emit("MatMul", value, self.weight(f"{name}.weight", transposed=True))
        return self.emit("Add", product, self.weight(f"{name}.bias"))

    def normalize(self, value: str, name: str) -> str:
        operands = [value, self.weight(f"{name}.gamma"), self.weight(f"{name}.beta")]
        return self.emit("LayerNormalization", *operands, axis=-1, epsilon=1e-5)

    def attend(self, value: str) -> str:
        """Self-attention from queries, keys and values side by side, [1, T, 3 * 384]."""
        split = self.constant(np.array([0, 0, 3 * HEADS, WIDTH // HEADS], np.int64))
        heads = self.emit("Transpose", self.emit("Reshape", value, split), perm=[0, 2, 1, 3])
        thirds = self.constant(np.array([HEADS] * 3, np.int64))
        names = [f"{heads}_{part}" for part in ("query", "key", "value")]
        self.nodes.append(helper.make_node("Split", [heads, thirds], names, axis=1))
        query = self.emit("Mul", names[0], self.scalar((WIDTH // HEADS) ** -0.5))
        scores = self.emit("MatMul", query, self.emit("Transpose", names[1], perm=[0, 1, 3, 2]))
        mixed = self.emit("MatMul", self.emit("Softmax", scores, axis=-1), names[2])
        joined = self.constant(np.array([0, 0, WIDTH], np.int64))
        return self.emit("Reshape", self.emit("Transpose", mixed, perm=[0, 2, 1, 3]), joined)

    def layer(self, value: str, index: int) -> str:
        attention, feed = f"layer_{index}.self_attention", f"layer_{index}.ffn"
        inner = self.linear(self.normalize(value, f"{attention}.layer_norm"), f"{attention}.linear_0")
        value = self.emit("Add", value, self.linear(self.attend(inner), f"{attention}.linear_1"))
        inner = self.linear(self.normalize(value, f"{feed}.layer_norm"), f"{feed}.linear_0")
        return self.emit("Add", value, self.linear(self.gelu(inner), f"{feed}.linear_1"))

    def add_positions(self, value: str) -> str:
        length = self.emit("Shape", value, start=1, end=2)
        zero = self.constant(np.array([0], np.int64))
        table = self.weight("position_encodings.encodings")
        return self.emit("Add", value, self.emit("Slice", table, zero, length, zero))


def build(weights: dict[str, NDArray[np.float16]]) -> onnx.ModelProto:
    graph = EncoderGraph(weights)
    batch = graph.constant(np.array([0], np.int64))
    value = graph.emit("Transpose", graph.emit("Unsqueeze", "mel", batch), perm=[0, 2, 1])
    value = graph.convolve(graph.convolve(value, "conv1", 1), "conv2", 2)
    value = graph.add_positions(graph.emit("Transpose", value, perm=[0, 2, 1]))
    for index in range(LAYERS):
        value = graph.layer(value, index)
    graph.emit("Squeeze", value, batch, output="features")
    ports = [
        helper.make_tensor_value_info("mel", TensorProto.FLOAT, ["mel_frames", MEL_BANDS]),
        helper.make_tensor_value_info("features", TensorProto.FLOAT, ["frames", WIDTH]),
    ]
    body = helper.make_graph(graph.nodes, "speech_encoder", ports[:1], ports[1:], graph.initializers)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    onnx.save(build(load_file(arguments.source)), arguments.target)


if __name__ == "__main__":
    main()
