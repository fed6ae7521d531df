"""What the training loop is told: how to train, and what."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from torch import nn


PRECISIONS = ("32-true", "bf16-mixed")  # of Lightning Fabric; others would need scaled gradients


@dataclass(frozen=True)
class LoopConfig:
    """How to train.

    Attributes:
        steps: of the whole run; the learning rate falls towards the last one.
        learning_rate: at its highest.
        warm_up: steps until there.
        weight_decay: of matrices; vectors do not decay.
        betas: of AdamW.
        average: decay of the weights' moving average.
        clip_gradient: largest norm of a turn's gradient.
        save_every: steps between checkpoints.
        picture_every: steps between pictures, 0 for none.
        seed: of weights, batches, noise and dropout.
        threads: CPU threads of each process.
        workers: processes that make batches ahead of time, for each that trains.
        device: "auto", "cpu" or "cuda".
        devices: GPUs, or processes on a CPU.
        precision: "32-true", "bf16-mixed", or "auto": the first on a CPU, the second on a GPU.
    """

    steps: int = 2400
    learning_rate: float = 1e-3
    warm_up: int = 200
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.98)
    average: float = 0.999
    clip_gradient: float = 1.0
    save_every: int = 200
    picture_every: int = 400
    seed: int = 0
    threads: int = 1
    workers: int = 0
    device: str = "auto"
    devices: int = 1
    precision: str = "auto"

    # May change when a run goes on: where it runs, what it writes, and how long it is to last.
    _FREE: ClassVar = (
        "steps",
        "save_every",
        "picture_every",
        "threads",
        "workers",
        "device",
        "devices",
        "precision",
    )

    def course(self) -> dict[str, Any]:
        """The settings that a resumed run must share with its checkpoint."""
        return {name: value for name, value in asdict(self).items() if name not in self._FREE}


class Stage(Protocol):
    """What is trained: the loop knows nothing else about it.

    Attributes:
        name: of the stage, one word.
        objective: its forward(batch, turn) returns named terms, the same ones every step; the term
            "total" is minimised. Its attribute `network` is averaged and exported.
        turns: what learns in each turn of a step, in order; {"network": objective.network} for most, a critic
            is another one. Each has its own optimiser, and only its weights change in its turn.
    """

    name: str
    objective: nn.Module
    turns: dict[str, nn.Module]

    def batch(self, step: int) -> Any:
        """The batch of a step, always the same for the same step: tensors in dataclasses, dicts or lists."""

    def pictures(self, network: nn.Module, step: int) -> Iterable[tuple[str, np.ndarray]]:
        """Named pictures of what the averaged network does, uint8 RGB [H, W, 3]; none is fine.

        The network is on the CPU, whatever it is trained on.
        """

    def describe(self) -> dict[str, Any]:
        """JSON that rebuilds the network and must not change while a run lasts."""
