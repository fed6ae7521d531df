"""The motion network: a speech trunk that runs once, and a flow network that runs at every solver step."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

_TIME_WAVES = 32
_LOWEST_WAVE, _HIGHEST_WAVE = 1.0, 1000.0
_ROPE_BASE = 500.0


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the motion network."""

    motion_dim: int
    feature_dim: int = 384
    style_dim: int = 2
    width: int = 160
    trunk_blocks: int = 3
    flow_blocks: int = 4
    heads: int = 4
    kernel: int = 9  # frames that a convolution sees
    dropout: float = 0.1


class SelfAttention(nn.Module):
    """Every frame looks at every frame; rotary positions, so only distances matter."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.size = config.width // config.heads
        self.mix = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)
        waves = _ROPE_BASE ** (-torch.arange(0, self.size, 2) / self.size)
        self.register_buffer("waves", waves, persistent=False)

    def forward(self, frames: Tensor, valid: Tensor | None = None) -> Tensor:
        """Frames [B, T, W]; `valid` [B, T] is False on padding."""
        batch, length, width = frames.shape
        mixed = self.mix(frames).view(batch, length, 3, self.heads, self.size).permute(2, 0, 3, 1, 4)
        angles = torch.arange(length, device=frames.device)[:, None] * self.waves
        query, key = (rotate(part, angles.cos(), angles.sin()) for part in (mixed[0], mixed[1]))
        scores = query @ key.transpose(-1, -2) * self.size**-0.5
        if valid is not None:
            scores = scores.masked_fill(~valid[:, None, None], float("-inf"))
        heard = scores.softmax(-1) @ mixed[2]
        return self.out(heard.transpose(1, 2).reshape(batch, length, width))


def rotate(vectors: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn pairs of channels [..., T, C] by angles given as cosine and sine, [T, C / 2]."""
    first, second = vectors.chunk(2, -1)
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], -1)


class LocalMix(nn.Module):
    """A gated convolution over neighbouring frames."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.gate = nn.Linear(config.width, 2 * config.width)
        self.depthwise = nn.Conv1d(
            config.width, config.width, config.kernel, padding=config.kernel // 2, groups=config.width
        )
        self.out = nn.Linear(config.width, config.width)

    def forward(self, frames: Tensor, valid: Tensor | None = None) -> Tensor:
        """Frames [B, T, W]; padding stays out of its neighbours."""
        gated = functional.glu(self.gate(frames), -1)
        if valid is not None:
            gated = gated * valid[..., None]
        local = self.depthwise(gated.transpose(1, 2)).transpose(1, 2)
        return self.out(functional.silu(local))


class FeedForward(nn.Module):
    """Two layers on each frame by itself."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.inner = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(3 * config.width, config.width)

    def forward(self, frames: Tensor, valid: Tensor | None = None) -> Tensor:  # noqa: ARG002 - same call for all
        """Frames [B, T, W]."""
        return self.out(functional.silu(self.inner(frames)))


class Block(nn.Module):
    """Attention, local mixing and feed-forward, each scaled, shifted and gated by the condition, if any."""

    def __init__(self, config: NetworkConfig, *, conditioned: bool) -> None:
        super().__init__()
        self.parts = nn.ModuleList([SelfAttention(config), LocalMix(config), FeedForward(config)])
        self.norms = nn.ModuleList(
            nn.LayerNorm(config.width, elementwise_affine=not conditioned) for _ in self.parts
        )
        self.modulation = nn.Linear(config.width, 9 * config.width) if conditioned else None
        self.dropout = nn.Dropout(config.dropout)
        if self.modulation is not None:
            nn.init.zeros_(self.modulation.weight)
            nn.init.zeros_(self.modulation.bias)

    def forward(self, frames: Tensor, condition: Tensor | None = None, valid: Tensor | None = None) -> Tensor:
        """Frames [B, T, W], condition [B, W]."""
        for part, norm, (scale, shift, gate) in zip(
            self.parts, self.norms, self._modulate(condition), strict=True
        ):
            changed = part(norm(frames) * (1 + scale) + shift, valid)
            frames = frames + self.dropout(changed) * (1 + gate)
        return frames

    def _modulate(self, condition: Tensor | None) -> list[tuple[Tensor | float, ...]]:
        if self.modulation is None or condition is None:
            return [(0.0, 0.0, 0.0)] * 3
        parts = self.modulation(condition)[:, None].chunk(9, -1)
        return [tuple(parts[3 * k : 3 * k + 3]) for k in range(3)]


class SpeechTrunk(nn.Module):
    """Speech features at 50 Hz become one condition vector per video frame."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(config.feature_dim))
        self.register_buffer("spread", torch.ones(config.feature_dim))
        self.features = nn.Linear(config.feature_dim, config.width)
        self.pairs = nn.Conv1d(config.width, config.width, 6, stride=2, padding=2)
        self.blocks = nn.ModuleList(Block(config, conditioned=False) for _ in range(config.trunk_blocks))
        self.norm = nn.LayerNorm(config.width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, features: Tensor, valid: Tensor | None = None) -> Tensor:
        """Features [B, 2 T, D] -> condition [B, T, W]."""
        frames = self.dropout(self.features((features - self.mean) / self.spread))
        frames = self.pairs(functional.silu(frames).transpose(1, 2)).transpose(1, 2)
        for block in self.blocks:
            frames = block(frames, None, valid)
        return self.norm(frames)


class FlowNetwork(nn.Module):
    """Guesses clean motion from noisy motion, the speech condition and the motion that is already known."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.motion = nn.Linear(2 * config.motion_dim + 1, config.width)
        self.speech = nn.Linear(config.width, config.width)
        self.time = nn.Sequential(
            nn.Linear(2 * _TIME_WAVES + 2 * config.style_dim, config.width),
            nn.SiLU(),
            nn.Linear(config.width, config.width),
            nn.SiLU(),
        )
        self.blocks = nn.ModuleList(Block(config, conditioned=True) for _ in range(config.flow_blocks))
        self.norm = nn.LayerNorm(config.width)
        self.out = nn.Linear(config.width, config.motion_dim)
        self.average = nn.Linear(config.width, config.motion_dim)
        waves = torch.logspace(0, 1, _TIME_WAVES, _HIGHEST_WAVE / _LOWEST_WAVE) * _LOWEST_WAVE
        self.register_buffer("waves", waves, persistent=False)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(
        self,
        noisy: Tensor,
        time: Tensor,
        speech: Tensor,
        known: Tensor,
        is_known: Tensor,
        style: Tensor,
        valid: Tensor | None = None,
    ) -> Tensor:
        """Clean motion, normalised, [B, T, D].

        Args:
            noisy: motion on its way from noise (time 0) to data (time 1), [B, T, D].
            time: [B].
            speech: the trunk's condition, [B, T, W].
            known: motion of the frames before, zero elsewhere, [B, T, D].
            is_known: 1 on those frames, [B, T, 1].
            style: numbers that describe the performance and whether each is given, [B, 2 style].
            valid: False on padding, [B, T].
        """
        angles = time[:, None] * self.waves
        condition = self.time(torch.cat([angles.sin(), angles.cos(), style], -1))
        frames = self.motion(torch.cat([noisy, known, is_known], -1)) + self.speech(speech)
        for block in self.blocks:
            frames = block(frames, condition, valid)
        return self.out(self.norm(frames)) + self.average(speech)


class MotionNetwork(nn.Module):
    """Trunk and flow together, with the condition that stands for "no speech given"."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.trunk = SpeechTrunk(config)
        self.flow = FlowNetwork(config)
        self.no_speech = nn.Parameter(torch.zeros(config.width))

    def condition(self, features: Tensor, dropped: Tensor, valid: Tensor | None = None) -> Tensor:
        """The speech condition [B, T, W]; clips with `dropped` [B] get the one for "no speech"."""
        heard = self.trunk(features, valid)
        return torch.where(dropped[:, None, None], self.no_speech, heard)
