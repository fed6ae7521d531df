"""The network that repairs features: convolutions that see a third of a second on either side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from sonic.motion.head import Array

_DROPPED = 0.1  # share of numbers left out while it learns
_TRUST = 2.0  # before it has learned anything, the gate lets 88 % of what is heard through


@dataclass(frozen=True)
class RepairConfig:
    """Sizes of the network.

    Attributes:
        feature_dim: numbers a feature.
        width: channels.
        dilations: one block each; how far apart the three features are that its convolution sees.
    """

    feature_dim: int = 384
    width: int = 128
    dilations: tuple[int, ...] = (1, 2, 4, 8, 3)

    @property
    def reach(self) -> int:
        """Features on either side that a feature depends on."""
        return sum(self.dilations)


class RepairBlock(nn.Module):
    """Three features that lie `dilation` apart, then each feature by itself."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.out = nn.Linear(width, width)

    def forward(self, frames: Tensor) -> Tensor:
        """Frames [B, T, W] to frames of the same shape."""
        mixed = self.mix(self.norm(frames).transpose(1, 2)).transpose(1, 2)
        return frames + self.out(functional.dropout(functional.gelu(mixed), _DROPPED, self.training))


class RepairNetwork(nn.Module):
    """Weighs what was heard and adds what is missing, in spreads of clean features."""

    def __init__(self, config: RepairConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.zeros(config.feature_dim))
        self.register_buffer("spread", torch.ones(config.feature_dim))
        self.enter = nn.Linear(config.feature_dim, config.width)
        self.blocks = nn.ModuleList(RepairBlock(config.width, dilation) for dilation in config.dilations)
        self.norm = nn.LayerNorm(config.width)
        self.gate = nn.Linear(config.width, config.feature_dim)
        self.leave = nn.Linear(config.width, config.feature_dim)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Features [B, T, F] that were heard in noise to what they are without it, [B, T, F]."""
        heard = (features - self.mean) / self.spread
        frames = self.enter(heard)
        for block in self.blocks:
            frames = block(frames)
        frames = self.norm(frames)
        clean = heard * torch.sigmoid(self.gate(frames) + _TRUST) + self.leave(frames)
        return clean * self.spread + self.mean

    def normalise(self, mean: Array, spread: Array) -> None:
        """Take mean and standard deviation of clean features, [F] each."""
        self.mean.copy_(torch.from_numpy(mean))
        self.spread.copy_(torch.from_numpy(spread))
