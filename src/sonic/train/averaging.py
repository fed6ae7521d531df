"""A moving average of weights: what is looked at, evaluated and exported."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn


class MovingAverage:
    """A copy of a network that follows it slowly (Polyak averaging); it trusts early weights less.

    Attributes:
        network: the averaged copy, in inference mode and without gradients.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.network = copy.deepcopy(network).requires_grad_(False).eval()

    @torch.no_grad()
    def follow(self, network: nn.Module, step: int) -> None:
        """Take in the weights after training step `step`, counted from 1."""
        keep = min(self.decay, (1 + step) / (10 + step))
        current = network.state_dict()
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                value.lerp_(current[name], 1 - keep)
            else:
                value.copy_(current[name])

    def on_cpu(self) -> nn.Module:
        """A copy of the averaged network on the CPU."""
        return copy.deepcopy(self.network).cpu()
