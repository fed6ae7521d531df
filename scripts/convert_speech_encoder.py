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
from half_graph import HalfGraph
from onnx import helper
from safetensors.numpy import load_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

LAYERS = 3
HEADS = 6
WIDTH = 384
MEL_BANDS = 80


class EncoderGraph(HalfGraph):
    """The encoder's parts by the names of their tensors."""

    def __init__(self, weights: dict[str, NDArray[np.float16]]) -> None:
        super().__init__()
        self.weights = weights

    def weight(self, name: str, *, transposed: bool = False) -> str:
        """A stored tensor."""
        values = self.weights[f"encoder.{name}"]
        return self.half(values.T if transposed else values)

    def scalar(self, value: float) -> str:
        return self.constant(np.array(value, np.float32))

    def gelu(self, value: str) -> str:
        error = self.emit("Erf", self.emit("Div", value, self.scalar(np.sqrt(2))))
        product = self.emit("Mul", value, self.emit("Add", error, self.scalar(1)))
        return self.emit("Mul", product, self.scalar(0.5))

    def convolve(self, value: str, name: str, stride: int) -> str:
        operands = [value, self.weight(f"{name}.weight"), self.weight(f"{name}.bias")]
        return self.gelu(self.emit("Conv", *operands, kernel_shape=[3], pads=[1, 1], strides=[stride]))

    def project(self, value: str, name: str) -> str:
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
        inner = self.project(self.normalize(value, f"{attention}.layer_norm"), f"{attention}.linear_0")
        value = self.emit("Add", value, self.project(self.attend(inner), f"{attention}.linear_1"))
        inner = self.project(self.normalize(value, f"{feed}.layer_norm"), f"{feed}.linear_0")
        return self.emit("Add", value, self.project(self.gelu(inner), f"{feed}.linear_1"))

    def add_positions(self, value: str) -> str:
        length = self.emit("Shape", value, start=1, end=2)
        zero = self.constant(np.array([0], np.int64))
        table = self.weight("position_encodings.encodings")
        return self.emit("Add", value, self.emit("Slice", table, zero, length, zero))


def write(weights: dict[str, NDArray[np.float16]], target: Path) -> None:
    graph = EncoderGraph(weights)
    batch = graph.constant(np.array([0], np.int64))
    value = graph.emit("Transpose", graph.emit("Unsqueeze", "mel", batch), perm=[0, 2, 1])
    value = graph.convolve(graph.convolve(value, "conv1", 1), "conv2", 2)
    value = graph.add_positions(graph.emit("Transpose", value, perm=[0, 2, 1]))
    for index in range(LAYERS):
        value = graph.layer(value, index)
    graph.emit("Squeeze", value, batch, output="features")
    graph.save(target, {"mel": ["mel_frames", MEL_BANDS]}, {"features": ["frames", WIDTH]})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    write(load_file(arguments.source), arguments.target)


if __name__ == "__main__":
    main()
