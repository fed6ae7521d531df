"""Converts small float TFLite networks to ONNX, keeping half-precision weights behind Cast nodes.

Needs the packages `tflite` and `onnx`. Usage: python scripts/convert_tflite.py SOURCE.tflite TARGET.onnx
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tflite
from onnx import TensorProto, helper, numpy_helper

OPERATOR_NAMES = {
    value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)
}
TENSOR_DTYPES = {0: np.float32, 1: np.float16, 2: np.int32, 4: np.int64}
SAME_PADDING = 0
RELU, RELU6 = 1, 3


def tensor_shape(tensor: Any) -> list[int]:
    return [int(size) for size in tensor.ShapeAsNumpy()] if tensor.ShapeLength() else []


def same_pads(sizes: list[int], kernel: list[int], strides: list[int]) -> list[int]:
    """ONNX pads (top, left, bottom, right) that equal TFLite's SAME padding."""
    totals = [
        max((-(-size // stride) - 1) * stride + width - size, 0)
        for size, width, stride in zip(sizes, kernel, strides, strict=True)
    ]
    before = [total // 2 for total in totals]
    return before + [total - first for total, first in zip(totals, before, strict=True)]


@dataclass(frozen=True)
class Step:
    """One operator of the source graph with the tensors that it reads and the one it writes."""

    operator: Any
    inputs: list[int]
    output: int


class Converter:
    """Walks one TFLite graph and builds the same one in ONNX, with images as [N, C, H, W] inside."""

    def __init__(self, source: Path) -> None:
        self.model = tflite.Model.GetRootAsModel(source.read_bytes(), 0)
        self.graph = self.model.Subgraphs(0)
        self.constants: dict[int, np.ndarray] = {}
        self.names: dict[int, str] = {}
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._read_constants()

    def convert(self) -> onnx.ModelProto:
        inputs = [self._open_input(self.graph.Inputs(k)) for k in range(self.graph.InputsLength())]
        for position in range(self.graph.OperatorsLength()):
            self._convert_operator(self.graph.Operators(position))
        outputs = [self._close_output(self.graph.Outputs(k)) for k in range(self.graph.OutputsLength())]
        graph = helper.make_graph(self.nodes, "network", inputs, outputs, self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return model

    # reading -------------------------------------------------------------------------------------

    def _read_constants(self) -> None:
        for index in range(self.graph.TensorsLength()):
            tensor = self.graph.Tensors(index)
            buffer = self.model.Buffers(tensor.Buffer())
            if buffer.DataLength():
                flat = np.frombuffer(buffer.DataAsNumpy().tobytes(), TENSOR_DTYPES[tensor.Type()])
                self.constants[index] = flat.reshape(tensor_shape(tensor))

    def _shape(self, index: int) -> list[int]:
        return tensor_shape(self.graph.Tensors(index))

    def _options(self, step: Step, kind: Any) -> Any:
        options = kind()
        table = step.operator.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        return options

    # writing -------------------------------------------------------------------------------------

    def _emit(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        output = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def _constant(self, values: np.ndarray) -> str:
        """An initializer; half-precision ones go through a Cast that the runtime folds when it loads."""
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        if values.dtype == np.float16:
            return self._emit("Cast", [name], to=TensorProto.FLOAT)
        return name

    def _open_input(self, index: int) -> onnx.ValueInfoProto:
        self.names[index] = self._emit("Transpose", ["image"], perm=[0, 3, 1, 2])
        return helper.make_tensor_value_info("image", TensorProto.FLOAT, self._shape(index))

    def _close_output(self, index: int) -> onnx.ValueInfoProto:
        name = self.graph.Tensors(index).Name().decode()
        value, shape = self.names[index], self._shape(index)
        if len(shape) == 4:
            value = self._emit("Transpose", [value], perm=[0, 2, 3, 1])
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    def _activate(self, value: str, code: int) -> str:
        if code == RELU:
            return self._emit("Relu", [value])
        if code == RELU6:
            limits = [self._constant(np.array(limit, np.float32)) for limit in (0, 6)]
            return self._emit("Clip", [value, *limits])
        return value

    # operators -----------------------------------------------------------------------------------

    def _convert_operator(self, operator: Any) -> None:
        step = Step(operator, operator.InputsAsNumpy().tolist(), int(operator.OutputsAsNumpy()[0]))
        code = self.model.OperatorCodes(operator.OpcodeIndex())
        kind = OPERATOR_NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        if kind == "DEQUANTIZE" and step.inputs[0] in self.constants:
            self.constants[step.output] = self.constants[step.inputs[0]]
            return
        if kind == "CUSTOM":
            kind = code.CustomCode().decode()
        convert = getattr(self, f"_convert_{kind.lower()}", None)
        if convert is None:
            raise SystemExit(f"operator {kind} is not known to this converter")
        self.names[step.output] = convert(step)

    def _window(self, step: Step, kind: Any, index: int, kernel: list[int]) -> tuple[Any, dict[str, Any]]:
        options = self._options(step, kind)
        strides = [options.StrideH(), options.StrideW()]
        same = options.Padding() == SAME_PADDING
        pads = same_pads(self._shape(index)[1:3], kernel, strides) if same else [0, 0, 0, 0]
        return options, {"kernel_shape": kernel, "strides": strides, "pads": pads}

    def _convolve(self, step: Step, kind: Any, weights: np.ndarray, groups: int) -> str:
        options, window = self._window(step, kind, step.inputs[0], list(weights.shape[2:]))
        operands = [
            self.names[step.inputs[0]],
            self._constant(weights),
            self._constant(self.constants[step.inputs[2]]),
        ]
        value = self._emit("Conv", operands, group=groups, **window)
        return self._activate(value, options.FusedActivationFunction())

    def _convert_conv_2d(self, step: Step) -> str:
        weights = self.constants[step.inputs[1]].transpose(0, 3, 1, 2)
        return self._convolve(step, tflite.Conv2DOptions, weights, 1)

    def _convert_depthwise_conv_2d(self, step: Step) -> str:
        weights = self.constants[step.inputs[1]].transpose(3, 0, 1, 2)
        groups = self._shape(step.inputs[0])[3]
        return self._convolve(step, tflite.DepthwiseConv2DOptions, weights, groups)

    def _convert_convolution2dtransposebias(self, step: Step) -> str:
        """MediaPipe's own operator; used only with stride equal to kernel, where padding plays no part."""
        weights = self.constants[step.inputs[1]].transpose(3, 0, 1, 2)
        strides = np.frombuffer(step.operator.CustomOptionsAsNumpy().tobytes()[4:12], "<i4").tolist()
        if strides != list(weights.shape[2:]):
            raise SystemExit(f"transposed convolution with strides {strides} and kernel {weights.shape[2:]}")
        operands = [
            self.names[step.inputs[0]],
            self._constant(weights),
            self._constant(self.constants[step.inputs[2]]),
        ]
        return self._emit("ConvTranspose", operands, strides=strides, kernel_shape=strides)

    def _scale_channels(self, value: str, factors: np.ndarray) -> str:
        weights = self._constant(factors.reshape(-1, 1, 1, 1))
        return self._emit("Conv", [value, weights], group=factors.size, kernel_shape=[1, 1])

    def _convert_prelu(self, step: Step) -> str:
        """Gives slope * x + (1 - slope) * relu(x): ONNX Runtime leaves its blocked layout for PRelu."""
        value = self.names[step.inputs[0]]
        slope = self.constants[step.inputs[1]].ravel()
        positive = self._scale_channels(self._emit("Relu", [value]), 1 - slope.astype(np.float32))
        return self._emit("Add", [positive, self._scale_channels(value, slope)])

    def _convert_add(self, step: Step) -> str:
        value = self._emit("Add", [self.names[index] for index in step.inputs])
        return self._activate(value, self._options(step, tflite.AddOptions).FusedActivationFunction())

    def _convert_mul(self, step: Step) -> str:
        value = self._emit("Mul", [self.names[index] for index in step.inputs])
        return self._activate(value, self._options(step, tflite.MulOptions).FusedActivationFunction())

    def _pool(self, step: Step, kind: str, index: int) -> str:
        options = self._options(step, tflite.Pool2DOptions)
        kernel = [options.FilterHeight(), options.FilterWidth()]
        _, window = self._window(step, tflite.Pool2DOptions, index, kernel)
        return self._emit(kind, [self.names[index]], **window)

    def _convert_max_pool_2d(self, step: Step) -> str:
        return self._pool(step, "MaxPool", step.inputs[0])

    def _convert_average_pool_2d(self, step: Step) -> str:
        if self._shape(step.output)[1:3] == [1, 1]:
            return self._emit("GlobalAveragePool", [self.names[step.inputs[0]]])
        return self._pool(step, "AveragePool", step.inputs[0])

    def _convert_pad(self, step: Step) -> str:
        pads = self.constants[step.inputs[1]][[0, 3, 1, 2]].T.ravel().astype(np.int64)
        return self._emit("Pad", [self.names[step.inputs[0]], self._constant(pads)])

    def _convert_resize_bilinear(self, step: Step) -> str:
        options = self._options(step, tflite.ResizeBilinearOptions)
        mode = "align_corners" if options.AlignCorners() else "asymmetric"
        mode = "half_pixel" if options.HalfPixelCenters() else mode
        sizes = [self._shape(step.output)[axis] for axis in (0, 3, 1, 2)]
        operands = [self.names[step.inputs[0]], "", "", self._constant(np.array(sizes, np.int64))]
        return self._emit("Resize", operands, mode="linear", coordinate_transformation_mode=mode)

    def _convert_reshape(self, step: Step) -> str:
        value = self.names[step.inputs[0]]
        if len(self._shape(step.inputs[0])) == 4:
            value = self._emit("Transpose", [value], perm=[0, 2, 3, 1])
        return self._emit("Reshape", [value, self._constant(np.array(self._shape(step.output), np.int64))])

    def _convert_concatenation(self, step: Step) -> str:
        axis = self._options(step, tflite.ConcatenationOptions).Axis()
        if len(self._shape(step.output)) == 4:
            axis = {1: 2, 2: 3, 3: 1}[axis % 4]
        return self._emit("Concat", [self.names[index] for index in step.inputs], axis=axis)

    def _convert_relu(self, step: Step) -> str:
        return self._emit("Relu", [self.names[step.inputs[0]]])

    def _convert_logistic(self, step: Step) -> str:
        return self._emit("Sigmoid", [self.names[step.inputs[0]]])

    def _convert_hard_swish(self, step: Step) -> str:
        return self._emit("HardSwish", [self.names[step.inputs[0]]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    onnx.save(Converter(arguments.source).convert(), arguments.target)


if __name__ == "__main__":
    main()
