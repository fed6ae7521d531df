"""One thin wrapper around ONNX Runtime: loads a network from a file or from the package and runs it."""

from __future__ import annotations

import os
from importlib import resources
from typing import TYPE_CHECKING

# Unless this is set before it is loaded, ONNX Runtime keeps a device id and usage records in the user's
# folder and sends them to its makers.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import (
    EPFail,
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoModel,
    NotImplemented,  # noqa: A004 - ONNX Runtime's own name
    RuntimeException,
)

from sonic.errors import DependencyError, WeightsError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

LOAD_FAILURES = (
    EPFail,
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoModel,
    NotImplemented,
    RuntimeException,
)
QUIET = 3  # errors only: warnings about folded constants help nobody


def asset(name: str) -> Traversable:
    """The file `name` among the package's assets."""
    return resources.files("sonic") / "assets" / name


def read_asset(name: str) -> bytes:
    """The bytes of the package asset `name`; raises WeightsError when the installation lacks it."""
    return _read(asset(name))


class Network:
    """An ONNX network ready to run; `threads` is the number of cores one call may use.

    `device` is "cpu" or "cuda"; raises WeightsError for a missing or damaged file and DependencyError for
    a device that the installed ONNX Runtime does not know.
    """

    def __init__(self, source: Traversable | Path, *, device: str = "cpu", threads: int = 1) -> None:
        options = _options(threads)
        content = _read(source)
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=_providers(device))
        except LOAD_FAILURES as error:
            message = f"The network {source.name} is damaged ({error}): reinstall the package or the model."
            raise WeightsError(message) from error
        self.input_names: tuple[str, ...] = tuple(port.name for port in self._session.get_inputs())
        self.output_names: tuple[str, ...] = tuple(port.name for port in self._session.get_outputs())
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def __call__(self, *inputs: NDArray[np.generic]) -> list[NDArray[np.float32]]:
        """Run once; inputs and outputs are in the order of `input_names` and `output_names`."""
        feed = dict(zip(self.input_names, inputs, strict=True))
        outputs: list[NDArray[np.float32]] = self._session.run(None, feed)
        return outputs


def load_asset(name: str, *, device: str = "cpu", threads: int = 1) -> Network:
    """The network that the package ships as `assets/name`."""
    return Network(asset(name), device=device, threads=threads)


def _read(source: Traversable | Path) -> bytes:
    try:
        return source.read_bytes()
    except OSError as error:
        message = f"The network {source.name} cannot be read ({error.strerror}): reinstall the package."
        raise WeightsError(message) from error


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = QUIET
    # Spinning workers would steal the cores from the renderer and the encoder between two calls.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _providers(device: str) -> list[str]:
    if device == "cpu":
        return ["CPUExecutionProvider"]
    if device == "cuda" and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        return ["CUDAExecutionProvider", "CPUExecutionProvider"]
    message = (
        f"The device {device!r} is not available here: use 'cpu', "
        "or 'cuda' after pip install onnxruntime-gpu on a machine that has one."
    )
    raise DependencyError(message)
