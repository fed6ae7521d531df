"""What `sonic train mouth` does: train, measure on people never seen, and export the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sonic.clips import load_clips
from sonic.errors import ConfigError
from sonic.motion.space import MotionSpace
from sonic.render.mouth_network import FILE
from sonic.render.mouth_view import CONDITIONS, PLANES, VIEW_HEIGHT, VIEW_WIDTH
from sonic.train.engine import LoopConfig, load_averaged, run
from sonic.train.export.onnx_file import export_onnx
from sonic.train.mouth.dataset import Mouths
from sonic.train.mouth.network import MouthNetwork, MouthNetworkConfig
from sonic.train.mouth.report import measure, write_report
from sonic.train.mouth.stage import MouthStage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sonic.clips import Clip
    from sonic.train.export.onnx_file import Parity, Precision
    from sonic.train.mouth.dataset import MouthClip

_CHECKED = 8  # mouths on which an exported network is compared


class ChosenMouth(nn.Module):
    """A mouth network with one person's code, or a mixture of several, as it is exported."""

    def __init__(self, network: MouthNetwork, code: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("chosen", code)

    def forward(self, planes: Tensor, conditions: Tensor) -> Tensor:
        """Maps [B, 9, 64, 96]."""
        return self.network(planes, conditions, self.chosen)


def train_mouth(data: Path, output: Path, batch_size: int, loop: LoopConfig, people: Sequence[str]) -> str:
    """Train to the last step, going on from a checkpoint, then write `mouth.onnx` and the report.

    Args:
        data: what preparation wrote.
        output: folder of the run.
        batch_size: frames of a batch.
        loop: how to train.
        people: whose way of showing teeth is exported, the average of them; of all if there are none.

    Returns:
        The report as a Markdown table; empty if the dev split shows no open mouth.

    Raises:
        ConfigError: one of the people is not among those of the training.
        InputError: no clip shows an open mouth.
    """
    space = MotionSpace.load(data / "space.safetensors")
    mouths = Mouths(load_clips(data, "train", augmented=False), space, batch_size=batch_size, seed=loop.seed)
    held_out = _held_out(load_clips(data, "dev", augmented=False), space, loop.seed)
    config = MouthNetworkConfig(people=len(mouths.people))
    run(MouthStage(mouths, config, shown=held_out), loop, output)
    export_mouth(output, people, mouths)
    return report_on(output, held_out.clips, people) if held_out else ""


def _held_out(clips: Sequence[Clip], space: MotionSpace, seed: int) -> Mouths | None:
    """Mouths of other people, if there are any."""
    return Mouths(clips, space, batch_size=_CHECKED, seed=seed) if clips else None


def report_on(output: Path, clips: Sequence[MouthClip], people: Sequence[str]) -> str:
    """Measure a finished run on clips of other people and write the report into its folder."""
    network, names = load_mouth(output)
    return write_report(measure(network, code_of(network, names, people), clips), output)


def load_mouth(output: Path) -> tuple[MouthNetwork, list[str]]:
    """The averaged network of a run, and the people whose codes it holds."""
    weights, about = load_averaged(output)
    network = MouthNetwork(MouthNetworkConfig.from_dict(about["network"]))
    network.load_state_dict(weights)
    return network.eval(), about["people"]


def code_of(network: MouthNetwork, names: Sequence[str], people: Sequence[str]) -> Tensor:
    """The average code [1, 6] of some people, of all if none are given.

    Raises:
        ConfigError: somebody is not among `names`.
    """
    unknown = sorted(set(people) - set(names))
    if unknown:
        raise ConfigError(f"{unknown[0]!r} is nobody of the training; these are: {', '.join(names)}.")
    chosen = [names.index(person) for person in people] or list(range(len(names)))
    return network.codes.detach()[chosen].mean(0, keepdim=True)


def export_mouth(
    output: Path, people: Sequence[str], mouths: Mouths, precision: Precision = "fp16"
) -> Parity:
    """Write a run's `mouth.onnx`; raises ExportError when it differs too much from the network."""
    network, names = load_mouth(output)
    chosen = ChosenMouth(network, code_of(network, names, people))
    example = {
        "planes": torch.zeros(1, PLANES, VIEW_HEIGHT, VIEW_WIDTH),
        "conditions": torch.zeros(1, CONDITIONS),
    }
    one = mouths.batch(0)
    check = {"planes": one.planes[:1], "conditions": one.conditions[:1]}
    return export_onnx(chosen, example, output / FILE, precision=precision, outputs=("maps",), check=check)
