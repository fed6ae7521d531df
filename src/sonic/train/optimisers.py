"""AdamW for every turn of a training step, and how its learning rate rises and falls."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch import Tensor, nn

    from sonic.train.stage import LoopConfig

_LAST_SHARE = 0.02  # of the learning rate, at the last step


def optimiser_of(module: nn.Module, config: LoopConfig) -> torch.optim.Optimizer:
    """AdamW over the parameters of a module that learn."""
    groups = parameter_groups(module, config.weight_decay)
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=config.betas)


def parameter_groups(module: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Matrices decay, biases and norms do not."""
    matrices = [value for value in learned(module) if value.ndim > 1]
    vectors = [value for value in learned(module) if value.ndim <= 1]
    return [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]


def learning_rate(step: int, config: LoopConfig) -> float:
    """The rate of a step: a linear warm-up, then a cosine down to a fiftieth."""
    if step < config.warm_up:
        return config.learning_rate * (step + 1) / config.warm_up
    progress = (step - config.warm_up) / max(1, config.steps - config.warm_up)
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return config.learning_rate * (_LAST_SHARE + (1 - _LAST_SHARE) * cosine)


def learned(module: nn.Module) -> list[nn.Parameter]:
    """The weights of a module that training changes."""
    return [value for value in module.parameters() if value.requires_grad]


def optimiser_state(optimiser: Any) -> dict[str, Tensor]:
    """What an optimiser remembers of each weight, as "number.name"."""
    states = optimiser.state_dict()["state"]
    return {f"{index}.{name}": value for index, state in states.items() for name, value in state.items()}


def load_optimiser(optimiser: Any, tensors: dict[str, Tensor]) -> None:
    """Give an optimiser back what `optimiser_state` took from it."""
    content = optimiser.state_dict()
    for name, value in tensors.items():
        index, kind = name.split(".")
        content["state"].setdefault(int(index), {})[kind] = value
    optimiser.load_state_dict(content)
