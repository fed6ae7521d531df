"""Rebuilds Real-ESRGAN's x4plus network, stored for ncnn, as an ONNX graph with 8-bit weights.

Needs the package `onnx`. Usage: convert_super_resolution.py x4plus.param x4plus.bin TARGET.onnx
The graph maps `small` [1, 3, H, W], RGB in 0..1, to `large` [1, 3, 4H, 4W]. Every output channel of a
convolution has a scale of its own, so that 8 bits lose next to nothing; `--half` keeps half precision.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from half_graph import HalfGraph

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = 7767517  # the first line of ncnn's text format
HALF_FLAG = 0x01306B47  # before weights that ncnn keeps in half precision
LEAKY = 2  # ncnn's number for the activation


@dataclass(frozen=True)
class Layer:
    """One line of the text: its type, the names it reads, the name it writes and its numbered settings."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    settings: dict[int, str]


class Weights:
    """Reads ncnn's binary file from front to back, in the order of the layers."""

    def __init__(self, path: Path) -> None:
        self.content = path.read_bytes()
        self.place = 0

    def take(self, count: int, kind: type[np.generic]) -> NDArray[np.generic]:
        values = np.frombuffer(self.content, np.dtype(kind).newbyteorder("<"), count, self.place)
        self.place += -(-values.nbytes // 4) * 4  # everything starts at a multiple of four bytes
        return values

    def kernel(self, count: int) -> NDArray[np.float32]:
        if int(self.take(1, np.uint32)[0]) != HALF_FLAG:
            raise SystemExit("These weights are not in half precision: take the file of the ncnn release.")
        return self.take(count, np.float16).astype(np.float32)


def read_layers(path: Path) -> list[Layer]:
    lines = path.read_text(encoding="utf-8").splitlines()
    if int(lines[0]) != MAGIC:
        raise SystemExit(f"{path} is not an ncnn network.")
    return [parse(line.split()) for line in lines[2:]]


def parse(words: list[str]) -> Layer:
    reads, writes = int(words[2]), int(words[3])
    names, settings = words[4 : 4 + reads + writes], words[4 + reads + writes :]
    pairs = (setting.split("=") for setting in settings)
    return Layer(
        words[0], tuple(names[:reads]), tuple(names[reads:]), {int(key): value for key, value in pairs}
    )


def convolve(graph: HalfGraph, layer: Layer, value: str, weights: Weights, *, half: bool) -> str:
    outputs, size = int(layer.settings[0]), int(layer.settings[1])
    kernel = weights.kernel(int(layer.settings[6])).reshape(outputs, -1, size, size)
    bias = graph.constant(weights.take(outputs, np.float32))
    stored = graph.half(kernel) if half else graph.eighth(kernel)
    made = graph.emit("Conv", value, stored, bias, pads=[int(layer.settings[4])] * 4)
    if int(layer.settings.get(9, 0)) != LEAKY:
        return made
    return graph.emit("LeakyRelu", made, alpha=float(layer.settings[-23310].split(",")[1]))


def add(graph: HalfGraph, layer: Layer, values: list[str]) -> str:
    first, second = values
    if layer.kind == "Eltwise":  # the branch is scaled down before it is added
        scale = np.float32(layer.settings[-23301].split(",")[1])
        first = graph.emit("Mul", first, graph.constant(np.array(scale)))
    return graph.emit("Add", first, second)


def double(graph: HalfGraph, value: str) -> str:
    scales = graph.constant(np.array([1, 1, 2, 2], np.float32))
    return graph.emit(
        "Resize",
        value,
        "",
        scales,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


def build(layers: list[Layer], weights: Weights, *, half: bool) -> HalfGraph:
    graph = HalfGraph()
    names = {"data": "small"}
    for layer in layers[1:]:
        values = [names[name] for name in layer.inputs]
        if layer.kind == "Split":
            made = values[0]
        elif layer.kind == "Convolution":
            made = convolve(graph, layer, values[0], weights, half=half)
        elif layer.kind == "Concat":
            made = graph.emit("Concat", *values, axis=1)
        elif layer.kind in {"BinaryOp", "Eltwise"}:
            made = add(graph, layer, values)
        elif layer.kind == "Interp":
            made = double(graph, values[0])
        else:
            raise SystemExit(f"A layer of type {layer.kind} is unknown here.")
        names |= dict.fromkeys(layer.outputs, made)
    graph.emit(
        "Clip", names["output"], graph.constant(np.float32(0)), graph.constant(np.float32(1)), output="large"
    )
    return graph


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("param", type=Path)
    parser.add_argument("bin", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--half", action="store_true", help="keep half-precision weights, twice the size")
    arguments = parser.parse_args()
    weights = Weights(arguments.bin)
    graph = build(read_layers(arguments.param), weights, half=arguments.half)
    assert weights.place == len(weights.content), "weights are left over"
    inputs = {"small": [1, 3, "height", "width"]}
    graph.save(arguments.target, inputs, {"large": [1, 3, "large_height", "large_width"]})


if __name__ == "__main__":
    main()
