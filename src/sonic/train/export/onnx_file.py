"""A trained module as one ONNX file, in full, half or 8-bit precision, compared with the module itself."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import onnx
import torch

from sonic.errors import ExportError
from sonic.inference import Network
from sonic.train.export.half import halve_weights
from sonic.train.export.quantise import quantise_weights

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import Tensor, nn

Precision: TypeAlias = Literal["fp32", "fp16", "int8"]

OPSET = 18
# Largest root mean square error of the outputs that each precision may cause, as a share of their spread.
TOLERANCE = {"fp32": 1e-4, "fp16": 5e-3, "int8": 1e-1}


@dataclass(frozen=True)
class Parity:
    """How far an exported network is from the module that it came from.

    Attributes:
        error: root mean square difference of the outputs over their standard deviation.
        largest: largest difference of any number.
    """

    error: float
    largest: float


def export_onnx(
    module: nn.Module,
    inputs: dict[str, Tensor],
    path: Path,
    *,
    precision: Precision = "fp16",
    outputs: tuple[str, ...] = ("output",),
    free: dict[str, tuple[int, ...]] | None = None,
    check: dict[str, Tensor] | None = None,
    notes: dict[str, str] | None = None,
    reference: Path | None = None,
) -> Parity:
    """Write a module as an ONNX file, without traces of the machine that wrote it.

    Args:
        module: what to write; it is put into inference mode.
        inputs: example inputs on the CPU by name, in the order of the module's arguments.
        path: the file.
        precision: of the weights. "fp16" is widened once when a network is loaded, "int8" also calculates
            with 8 bits in its matrix products.
        outputs: names of what the module returns.
        free: per input the axes whose sizes may change from call to call; by default the batch, unless it is
            one, and the second of three axes (time).
        check: inputs that the two are compared on, such as a window of another length; `inputs` by default.
        notes: text that travels in the file and that `Network.metadata` reads.
        reference: also write the network in full precision to this file.

    Raises:
        ExportError: the difference is more than `TOLERANCE` allows for the precision.
    """
    module = module.eval()
    model = without_traces(_traced(module, inputs, outputs, free))
    if reference is not None:
        _write(model, reference, notes)
    changed = {"fp32": _unchanged, "fp16": halve_weights, "int8": quantise_weights}[precision](model)
    _write(changed, path, notes)
    parity = compare(module, path, check or inputs)
    if parity.error > TOLERANCE[precision]:
        raise ExportError(
            f"{path.name} in {precision} is off by {parity.error:.2g} of the outputs' spread, more than "
            f"{TOLERANCE[precision]:g}; export it with a higher --precision."
        )
    return parity


def compare(module: nn.Module, path: Path, inputs: dict[str, Tensor]) -> Parity:
    """The difference between a module and its exported file on the same inputs."""
    with torch.no_grad():
        expected = module(*inputs.values())
    tensors = [expected] if isinstance(expected, torch.Tensor) else list(expected)
    made = Network(path)(*(value.numpy() for value in inputs.values()))
    pairs = [(tensor.numpy(), array) for tensor, array in zip(tensors, made, strict=True)]
    return Parity(
        error=max(_relative_error(one, other) for one, other in pairs),
        largest=max(float(np.abs(one - other).max()) for one, other in pairs),
    )


def without_traces(model: Any) -> Any:
    """The ONNX model without the source paths and stack traces that the exporter wrote; changed in place."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    graph.ClearField("value_info")
    return model


def _traced(
    module: nn.Module,
    inputs: dict[str, Tensor],
    outputs: tuple[str, ...],
    free: dict[str, tuple[int, ...]] | None,
) -> Any:
    axes = {name: (free or {}).get(name, _usual_axes(value)) for name, value in inputs.items()}
    with _without_chatter():
        program = torch.onnx.export(
            module,
            args=tuple(inputs.values()),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=tuple(dict.fromkeys(each, torch.export.Dim.DYNAMIC) for each in axes.values()),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    return program.model_proto


@contextmanager
def _without_chatter() -> Iterator[None]:
    """The exporter warns of libraries that it could also export, and of what changes inside torch."""
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*LeafSpec", category=FutureWarning)
            yield
    finally:
        logger.setLevel(level)


def _usual_axes(value: Tensor) -> tuple[int, ...]:
    """Clips and frames may change from call to call; a batch of one stays one."""
    batch = (0,) if len(value) > 1 else ()
    return (*batch, 1) if value.ndim == 3 else batch


def _unchanged(model: Any) -> Any:
    return model


def _write(model: Any, path: Path, notes: dict[str, str] | None) -> None:
    onnx.helper.set_model_props(model, notes or {})
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    onnx.save(model, str(partial))
    partial.replace(path)


def _relative_error(expected: np.ndarray, made: np.ndarray) -> float:
    difference = np.sqrt(np.mean((expected.astype(np.float64) - made) ** 2))
    return float(difference / max(float(expected.std()), 1e-6))
