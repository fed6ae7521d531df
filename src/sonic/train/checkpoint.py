"""One file from which a stopped training run goes on exactly, and from which its weights are read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sonic.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

NAME = "checkpoint.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """A run at the end of a step.

    Attributes:
        step: training steps taken.
        about: JSON that must be the same when the run goes on: the stage, its description, the settings.
        objective: every weight and buffer that is trained or kept.
        averaged: the moving average of the exported network.
        optimisers: per turn, the optimiser's state as "number.name".
    """

    step: int
    about: dict[str, Any]
    objective: dict[str, Tensor]
    averaged: dict[str, Tensor]
    optimisers: dict[str, dict[str, Tensor]]

    def save(self, folder: Path) -> None:
        """Write `checkpoint.safetensors`; an interruption leaves the one before."""
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / "checkpoint.partial"
        metadata = {"step": str(self.step), "about": json.dumps(self.about)}
        # Copies, because the format refuses tensors that share memory.
        tensors = {name: value.detach().cpu().contiguous().clone() for name, value in self._tensors().items()}
        save_file(tensors, str(partial), metadata)
        partial.replace(folder / NAME)

    def _tensors(self) -> dict[str, Tensor]:
        parts = {"objective": self.objective, "averaged": self.averaged}
        parts |= {f"optimiser.{turn}": state for turn, state in self.optimisers.items()}
        return {f"{prefix}.{name}": value for prefix, part in parts.items() for name, value in part.items()}


def load_checkpoint(folder: Path, turns: list[str]) -> Checkpoint | None:
    """The checkpoint in a run's folder with the optimisers of `turns`, if there is one."""
    path = folder / NAME
    if not path.exists():
        return None
    from safetensors.torch import load_file

    tensors, metadata = load_file(str(path)), read_metadata(path)
    return Checkpoint(
        step=int(metadata["step"]),
        about=json.loads(metadata["about"]),
        objective=part(tensors, "objective."),
        averaged=part(tensors, "averaged."),
        optimisers={turn: part(tensors, f"optimiser.{turn}.") for turn in turns},
    )


def load_averaged(folder: Path, stage: str | None = None) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The averaged weights of a run's network, and what its stage said about itself.

    Raises:
        ConfigError: nothing was trained in the folder yet, or another stage than the one asked for.
    """
    from safetensors.torch import load_file

    about = read_about(folder)
    if stage not in {None, about["stage"]}:
        raise ConfigError(
            f"{folder} holds a {about['stage']} network; give the --output folder of sonic train {stage}."
        )
    return part(load_file(str(folder / NAME)), "averaged."), about["describe"]


def read_about(folder: Path) -> dict[str, Any]:
    """What a run is: its "stage", what that "describe"s itself as, its "config", and its "step" so far.

    Raises:
        ConfigError: nothing was trained in the folder yet.
    """
    path = folder / NAME
    if not path.exists():
        raise ConfigError(f"{folder} holds no {NAME}; give the --output folder of a training command.")
    metadata = read_metadata(path)
    return {**json.loads(metadata["about"]), "step": int(metadata["step"])}


def check_same(found: dict[str, Any], wanted: dict[str, Any], folder: Path) -> None:
    """A run only goes on as what it was.

    Raises:
        ConfigError: the checkpoint was trained with other settings; names every one of them.
    """
    differences = list(_differences(found, json.loads(json.dumps(wanted))))
    if differences:
        raise ConfigError(
            f"{folder / NAME} was trained with {', '.join(differences)}; "
            "repeat its settings, or choose another --output folder."
        )


def _differences(found: Any, wanted: Any, name: str = "") -> list[str]:
    if isinstance(found, dict) and isinstance(wanted, dict):
        below = [_differences(found.get(key), wanted.get(key), str(key)) for key in sorted({*found, *wanted})]
        return [difference for group in below for difference in group]
    return [] if found == wanted else [f"{name} {json.dumps(found)} instead of {json.dumps(wanted)}"]


def part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names start with a prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def read_metadata(path: Path) -> dict[str, str]:
    """The text fields of a safetensors file."""
    from safetensors import safe_open

    with safe_open(str(path), framework="pt") as file:
        return dict(file.metadata() or {})
