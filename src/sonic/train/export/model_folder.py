"""Write trained weights as the folder that inference reads, and check that they still say the same."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch

from sonic.errors import ExportError
from sonic.inference import Network
from sonic.motion.sampler import FORMAT, SamplerConfig
from sonic.motion.space import FRAME_RATE
from sonic.train.export.half import halve_weights
from sonic.train.motion.loop import part, read_metadata
from sonic.train.motion.network import MotionNetwork, NetworkConfig

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn

_OPSET = 18
_TOLERANCE = 0.02  # spreads; half-precision weights stay far below


def load_trained(checkpoint: Path) -> MotionNetwork:
    """The averaged network of a training checkpoint, ready for inference."""
    from safetensors.torch import load_file

    config = NetworkConfig(**json.loads(read_metadata(checkpoint)["network"]))
    network = MotionNetwork(config)
    network.load_state_dict(part(load_file(str(checkpoint)), "averaged."))
    return network.eval()


def export_model(
    network: MotionNetwork, folder: Path, sampler: SamplerConfig, about: dict[str, Any]
) -> float:
    """Write `trunk.onnx`, `motion.onnx` and `config.json` of an inference folder.

    Returns:
        The largest difference to the network itself, in spreads of the motion.

    Raises:
        ExportError: the difference is more than half-precision weights explain.
    """
    folder.mkdir(parents=True, exist_ok=True)
    silence = network.no_speech.detach().numpy().round(6).tolist()
    _export(
        network.trunk, trunk_inputs(network, 40), folder / "trunk.onnx", "speech", silence=json.dumps(silence)
    )
    _export(network.flow, flow_inputs(network, 40), folder / "motion.onnx", "motion")
    content = {"format": FORMAT, **about, "network": asdict(network.config), "sampler": asdict(sampler)}
    (folder / "config.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    difference = parity(network, folder)
    if difference > _TOLERANCE:
        raise ExportError(f"The exported network is off by {difference:.3f} spreads, more than {_TOLERANCE}.")
    return difference


def describe_run(checkpoint: Path, data: Path, name: str) -> dict[str, Any]:
    """What a model folder says about its weights: their name, and how much they have seen."""
    rows = json.loads((data / "index.json").read_text(encoding="utf-8"))
    seen = [row for row in rows if row["kept"] and row["split"] == "train"]
    trained = {
        "steps": int(read_metadata(checkpoint)["step"]),
        "clips": len(seen),
        "people": len({row["person"] for row in seen}),
        "minutes": round(sum(row["frames"] for row in seen) / FRAME_RATE / 60, 1),
    }
    about = f"light engine; learned from {trained['minutes']:.0f} minutes of {trained['people']} people"
    return {"name": name, "description": about, "trained": trained}


def ship_space(data: Path, folder: Path) -> None:
    """Put the motion space and the lip probe of prepared data beside the exported networks."""
    for name in ("space.safetensors", "probe.safetensors"):
        (folder / name).write_bytes((data / name).read_bytes())


def parity(network: MotionNetwork, folder: Path) -> float:
    """The largest difference between the network and its export on a window of another length."""
    pairs = (
        (network.trunk, trunk_inputs(network, 61), "trunk.onnx"),
        (network.flow, flow_inputs(network, 61), "motion.onnx"),
    )
    return max(_difference(module, inputs, folder / name) for module, inputs, name in pairs)


def _difference(module: nn.Module, inputs: dict[str, Tensor], path: Path) -> float:
    with torch.no_grad():
        expected = module(*inputs.values()).numpy()
    exported = Network(path)(*(value.numpy() for value in inputs.values()))[0]
    return float(np.abs(expected - exported).max())


def trunk_inputs(network: MotionNetwork, frames: int) -> dict[str, Tensor]:
    """Random speech features for a window of `frames`."""
    generator = torch.Generator().manual_seed(frames)
    return {"features": torch.randn(1, 2 * frames, network.config.feature_dim, generator=generator)}


def flow_inputs(network: MotionNetwork, frames: int, batch: int = 2) -> dict[str, Tensor]:
    """Random inputs of the flow for a window of `frames`, the first fifth of it known."""
    config, generator = network.config, torch.Generator().manual_seed(frames)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    is_known = (torch.arange(frames) < frames // 5).float()[None, :, None].repeat(batch, 1, 1)
    return {
        "noisy": normal(batch, frames, config.motion_dim),
        "time": torch.rand(batch, generator=generator),
        "speech": normal(batch, frames, config.width),
        "known": normal(batch, frames, config.motion_dim) * is_known,
        "is_known": is_known,
        "style": normal(batch, 2 * config.style_dim),
    }


def _export(module: nn.Module, inputs: dict[str, Tensor], path: Path, output: str, **notes: str) -> None:
    shapes = {name: _free_sizes(value) for name, value in inputs.items()}
    program = torch.onnx.export(
        module,
        kwargs=inputs,
        input_names=list(inputs),
        output_names=[output],
        dynamic_shapes=shapes,
        opset_version=_OPSET,
        dynamo=True,
        verbose=False,
    )
    model = halve_weights(without_traces(program.model_proto))
    onnx.helper.set_model_props(model, notes)
    onnx.save(model, str(path))


def without_traces(model: Any) -> Any:
    """The ONNX model without the source paths and stack traces that the exporter wrote; changed in place."""
    graph = model.graph
    for part_of_model in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        part_of_model.ClearField("metadata_props")
        part_of_model.ClearField("doc_string")
    graph.ClearField("value_info")
    return model


def _free_sizes(value: Tensor) -> dict[int, Any]:
    """Clips and frames may change from call to call; a batch of one stays one."""
    batch = [0] if len(value) > 1 else []
    frames = [1] if value.ndim == 3 else []
    return dict.fromkeys(batch + frames, torch.export.Dim.DYNAMIC)
