"""The training stage of the repair: features heard in noise become what is heard without it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from sonic.train.engine import seeded
from sonic.train.lip_reading import LipReading
from sonic.train.repair.network import RepairConfig, RepairNetwork

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sonic.motion.probe import LipProbe
    from sonic.train.repair.mixtures import Mixtures

_LIPS_WEIGHT, _OPENING_WEIGHT = 0.5, 0.5
_DISTANCE = (0.4, 1.15)  # how far the noise may move features, in place of 1
_MOVED_SHARE, _JITTER = 0.6, 0.08  # of the examples; in spreads


@dataclass(frozen=True)
class Examples:
    """A batch: features heard in noise and without it, [B, T, F] each."""

    heard: Tensor
    clean: Tensor


class RepairObjective(nn.Module):
    """Errors of the features in spreads, and of the mouth that is read out of them, its opening above all."""

    def __init__(self, network: RepairNetwork, probe: LipProbe) -> None:
        super().__init__()
        self.network = network
        self.misread = LipReading(probe)

    def forward(self, batch: Examples, turn: str) -> dict[str, Tensor]:  # noqa: ARG002 - nobody else learns
        """The terms of the loss; "total" is their weighted sum."""
        made = self.network(batch.heard)
        misread = self.misread(made, batch.clean)
        terms = {
            "features": ((made - batch.clean) / self.network.spread).square().mean(),
            "lips": misread.mean(),
            "opening": misread[0],
        }
        total = terms["features"] + _LIPS_WEIGHT * terms["lips"] + _OPENING_WEIGHT * terms["opening"]
        return terms | {"total": total}


class RepairStage:
    """Windows drawn at random from the mixtures, their noise made weaker or stronger."""

    name = "repair"

    def __init__(
        self, mixtures: Mixtures, probe: LipProbe, config: RepairConfig, *, seed: int, batch: int, window: int
    ) -> None:
        self.mixtures, self.config = mixtures, config
        self._seed, self._batch, self._window = seed, batch, window
        with seeded(seed):
            network = RepairNetwork(config)
        mean, self._spread = mixtures.statistics()
        network.normalise(mean, self._spread)
        self.objective = RepairObjective(network, probe)
        self.turns: dict[str, nn.Module] = {"network": network}

    def batch(self, step: int) -> Examples:
        """The windows of a step."""
        rng = np.random.default_rng([self._seed, step])
        windows = [self.mixtures.window(rng, self._window) for _ in range(self._batch)]
        heard, clean = (np.stack(parts) for parts in zip(*windows, strict=True))
        moved = np.where(rng.random(self._batch) < _MOVED_SHARE, rng.uniform(*_DISTANCE, self._batch), 1)
        heard = clean + moved[:, None, None] * (heard - clean)
        heard += _JITTER * self._spread * rng.standard_normal(heard.shape)
        return Examples(torch.from_numpy(heard.astype(np.float32)), torch.from_numpy(clean))

    def pictures(self, network: nn.Module, step: int) -> Iterable[tuple[str, np.ndarray]]:  # noqa: ARG002 - none
        """Nothing worth looking at."""
        return ()

    def describe(self) -> dict[str, Any]:
        """What rebuilds the network, and what it learns from."""
        return {
            "network": asdict(self.config),
            "batch": self._batch,
            "window": self._window,
            "mixtures": len(self.mixtures),
        }
