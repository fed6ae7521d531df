"""Writes ONNX graphs whose weights are stored in half precision or less, for the converters beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

OPERATORS = 17
FORMAT = 8  # of the file; the oldest that knows these operators


class HalfGraph:
    """Collects nodes and initializers while a network is written down from input to output."""

    def __init__(self) -> None:
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

    def half(self, values: NDArray[np.floating]) -> str:
        """A weight; the runtime folds the Cast to single precision when it loads the graph."""
        return self.emit("Cast", self.constant(values.astype(np.float16)), to=TensorProto.FLOAT)

    def eighth(self, values: NDArray[np.floating]) -> str:
        """A weight at 8 bits with one scale for each index of its first axis; folded likewise."""
        bound = np.abs(values).reshape(len(values), -1).max(axis=1)
        scale = (np.maximum(bound, 1e-12) / 127).astype(np.float32).reshape(-1, *[1] * (values.ndim - 1))
        steps = np.rint(values / scale).astype(np.int8)
        single = self.emit("Cast", self.constant(steps), to=TensorProto.FLOAT)
        return self.emit("Mul", single, self.constant(scale))

    def axes(self, *axes: int) -> str:
        return self.constant(np.array(axes, np.int64))

    def linear(self, value: str, kernel: NDArray[np.floating], bias: NDArray[np.floating]) -> str:
        return self.emit("Add", self.emit("MatMul", value, self.half(kernel)), self.half(bias))

    def lstm(
        self, value: str, weights: tuple[NDArray[np.floating], ...], hidden: str = "", cell: str = ""
    ) -> tuple[str, str, str]:
        """All outputs [T, B, H], the last hidden and the last cell state [1, B, H] of `value` [T, B, N].

        `weights` are W [1, 4H, N], R [1, 4H, H] and B [1, 8H], gates in ONNX's order: i, o, f, c.
        """
        outputs = [f"v{len(self.nodes)}_{port}" for port in ("all", "hidden", "cell")]
        inputs = [value, *(self.half(weight) for weight in weights), "", hidden, cell]
        size = weights[1].shape[2]
        self.nodes.append(helper.make_node("LSTM", inputs, outputs, hidden_size=size))
        return self.emit("Squeeze", outputs[0], self.axes(1)), outputs[1], outputs[2]

    def save(self, path: Path, inputs: dict[str, list[object]], outputs: dict[str, list[object]]) -> None:
        ports = [
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in side.items()]
            for side in (inputs, outputs)
        ]
        body = helper.make_graph(self.nodes, path.stem, *ports, self.initializers)
        model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPERATORS)], ir_version=FORMAT)
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, path)
