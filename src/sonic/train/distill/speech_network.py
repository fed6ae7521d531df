"""The causal student of the speech encoder: gated convolutions over the past, a short look ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from sonic.motion.head import Array


@dataclass(frozen=True)
class CausalConfig:
    """Sizes of the causal encoder.

    Attributes:
        mel_dim: mel numbers that arrive during one feature.
        feature_dim: numbers a feature.
        width: channels.
        dilations: one block each; how far apart its convolution looks back, in features.
        kernel: features that a convolution sees.
        lookahead: features of sound that are heard before a feature is given, 20 ms each.
    """

    mel_dim: int = 160
    feature_dim: int = 384
    width: int = 224
    dilations: tuple[int, ...] = (1, 2, 4, 8, 1, 2)
    kernel: int = 7
    lookahead: int = 8

    @property
    def pasts(self) -> tuple[int, ...]:
        """Features that each block remembers."""
        return tuple((self.kernel - 1) * dilation for dilation in self.dilations)


class CausalMix(nn.Module):
    """A gated convolution over the frames before; what it has to remember goes in and comes out."""

    def __init__(self, width: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.past = (kernel - 1) * dilation
        self.gate = nn.Linear(width, 2 * width)
        self.depthwise = nn.Conv1d(width, width, kernel, dilation=dilation, groups=width)
        self.out = nn.Linear(width, width)

    def forward(self, frames: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """Frames [B, T, W] after `past` [B, P, W]; returns the mixed frames and the next past."""
        seen = torch.cat([past, functional.glu(self.gate(frames), -1)], 1)
        local = self.depthwise(seen.transpose(1, 2)).transpose(1, 2)
        return self.out(functional.silu(local)), seen[:, -self.past :]


class CausalBlock(nn.Module):
    """Mixing over time, then two layers on each frame by itself."""

    def __init__(self, width: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.mix = CausalMix(width, kernel, dilation)
        self.inner = nn.Linear(width, 2 * width)
        self.outer = nn.Linear(2 * width, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))

    def forward(self, frames: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """Frames [B, T, W] after `past` [B, P, W]; returns frames and the next past."""
        mixed, past = self.mix(self.norms[0](frames), past)
        frames = frames + mixed
        return frames + self.outer(functional.silu(self.inner(self.norms[1](frames)))), past


class CausalEncoder(nn.Module):
    """Pairs of mel frames become speech features, `lookahead` features late."""

    def __init__(self, config: CausalConfig) -> None:
        super().__init__()
        self.config = config
        for name, size in (("mel", config.mel_dim), ("feature", config.feature_dim)):
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_spread", torch.ones(size))
        self.enter = nn.Linear(config.mel_dim, config.width)
        self.blocks = nn.ModuleList(
            CausalBlock(config.width, config.kernel, dilation) for dilation in config.dilations
        )
        self.norm = nn.LayerNorm(config.width)
        self.leave = nn.Linear(config.width, config.feature_dim)

    def forward(self, mel: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Features [B, T, F] and the next memory.

        Args:
            mel: normalised mel frames in pairs, [B, T, 160].
            memory: what the blocks remember of the frames before, one after the other, [B, sum of pasts, W].
        """
        frames = self.enter((mel - self.mel_mean) / self.mel_spread)
        remembered = []
        for block, past in zip(self.blocks, memory.split(self.config.pasts, 1), strict=True):
            frames, kept = block(frames, past)
            remembered.append(kept)
        features = self.leave(self.norm(frames)) * self.feature_spread + self.feature_mean
        return features, torch.cat(remembered, 1)

    def normalise(self, mean: Array, spread: Array) -> None:
        """Take mean and standard deviation of mel and features, [160 + F] each."""
        sizes = (self.config.mel_dim, self.config.feature_dim)
        for name, values in (("mean", mean), ("spread", spread)):
            for part, kind in zip(torch.from_numpy(values).split(sizes), ("mel", "feature"), strict=True):
                getattr(self, f"{kind}_{name}").copy_(part)

    def no_memory(self, count: int) -> Tensor:
        """The memory of `count` recordings before their first frame."""
        return self.leave.weight.new_zeros(count, sum(self.config.pasts), self.config.width)
