"""The training stage of the motion network: what is minimised, on which clips, and what it looks like."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from sonic.train.engine import load_averaged, seeded
from sonic.train.motion.flow import FlowLoss, LossWeights
from sonic.train.motion.network import MotionNetwork, NetworkConfig
from sonic.train.motion.pictures import draw_faces, draw_openings, make_motion

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np

    from sonic.clips import Clip
    from sonic.train.motion.agreement import Agreement
    from sonic.train.motion.dataset import Sampler
    from sonic.train.motion.flow import Batch

_SHOWN = 150  # frames of a clip, at most


class MotionObjective(nn.Module):
    """The flow's losses at times and with noise drawn from torch's random numbers."""

    def __init__(self, network: MotionNetwork, loss: FlowLoss) -> None:
        super().__init__()
        self.network = network
        self.loss = loss

    def forward(self, batch: Batch, turn: str) -> dict[str, Tensor]:  # noqa: ARG002 - nobody else learns
        """The loss terms of a batch; "total" is their sum."""
        # Drawn on the CPU, so that a run on a GPU meets the same numbers.
        flow_time, noise = torch.rand(len(batch.motion)), torch.randn(batch.motion.shape)
        return self.loss(self.network, batch, flow_time.to(batch.motion), noise.to(batch.motion))


class MotionStage:
    """Flow matching of motion given speech.

    A sync network may watch while the motion network learns (`agreement`). Pictures show the longest of the
    `shown` clips, which had better be of people who are not learned from.
    """

    name = "motion"

    def __init__(
        self,
        config: NetworkConfig,
        sampler: Sampler,
        shown: list[Clip],
        losses: LossWeights | None = None,
        agreement: Agreement | None = None,
    ) -> None:
        with seeded(sampler.seed):
            network = MotionNetwork(config)
        mean, spread = sampler.feature_statistics()
        network.trunk.mean.copy_(torch.from_numpy(mean))
        network.trunk.spread.copy_(torch.from_numpy(spread))
        self.sampler = sampler
        self.losses = losses or LossWeights()
        self.watched = agreement is not None
        self.shown = max(shown, key=lambda clip: len(clip.motion))
        self.objective = MotionObjective(network, FlowLoss(sampler.space, self.losses, agreement))
        self.turns: dict[str, nn.Module] = {"network": network}

    def batch(self, step: int) -> Batch:
        """Random windows of clips."""
        return self.sampler.batch(step)

    def pictures(self, network: nn.Module, step: int) -> Iterable[tuple[str, np.ndarray]]:  # noqa: ARG002
        """The lips of a clip as they were and as the network moves them: a curve, and drawn faces."""
        space = self.sampler.space
        features, real = self.shown.window("clean", 0, _SHOWN)
        made = make_motion(network, features, space)
        yield "lip-opening", draw_openings(space.opening(real), space.opening(made))
        yield "faces", draw_faces(real, made, space)

    def describe(self) -> dict[str, Any]:
        """Sizes of the network, losses, and how batches are drawn."""
        return {
            "network": asdict(self.objective.network.config),
            "losses": asdict(self.losses),
            "watched": self.watched,
            "data": self.sampler.describe(),
        }


def load_trained(folder: Path) -> MotionNetwork:
    """The averaged network of a training run, ready for inference."""
    weights, about = load_averaged(folder, MotionStage.name)
    network = MotionNetwork(NetworkConfig(**about["network"]))
    network.load_state_dict(weights)
    return network.eval()
