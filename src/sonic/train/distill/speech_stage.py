"""The training stage of the causal speech encoder: what the frozen encoder hears, heard without waiting."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sonic.train.distill.speech_network import CausalConfig, CausalEncoder
from sonic.train.engine import seeded
from sonic.train.lip_reading import LipReading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sonic.motion.probe import LipProbe
    from sonic.train.distill.reels import Reels

_UNSURE = 40  # features at the start of a window that are heard without what came before; they do not count
_LIPS_WEIGHT = 1.0


@dataclass(frozen=True)
class Recordings:
    """A batch: mel frames in pairs [B, T, 160] and the features that belong to them, [B, T, F]."""

    mel: Tensor
    features: Tensor


class SpeechObjective(nn.Module):
    """Errors of the features in spreads and in direction, and of the mouth that is read out of them."""

    def __init__(self, network: CausalEncoder, probe: LipProbe) -> None:
        super().__init__()
        self.network = network
        self.misread = LipReading(probe)

    def forward(self, batch: Recordings, turn: str) -> dict[str, Tensor]:  # noqa: ARG002 - nobody else learns
        """The terms of the loss; "total" is their weighted sum."""
        network, late = self.network, self.network.config.lookahead
        heard, _ = network(batch.mel, network.no_memory(len(batch.mel)))
        made, meant = (
            (features - network.feature_mean) / network.feature_spread
            for features in (heard[:, _UNSURE + late :], batch.features[:, _UNSURE:-late])
        )
        terms = {
            "features": functional.mse_loss(made, meant),
            "direction": 1 - functional.cosine_similarity(made, meant, dim=-1).mean(),
            "lips": self.misread(made * network.feature_spread, meant * network.feature_spread).mean(),
        }
        return terms | {"total": terms["features"] + terms["direction"] + _LIPS_WEIGHT * terms["lips"]}


class SpeechStage:
    """Windows drawn at random from the reels."""

    name = "distill-speech"

    def __init__(
        self, reels: Reels, probe: LipProbe, config: CausalConfig, *, seed: int, batch: int, window: int
    ) -> None:
        self.reels, self.config = reels, config
        self._seed, self._batch, self._window = seed, batch, window
        with seeded(seed):
            network = CausalEncoder(config)
        network.normalise(*reels.statistics())
        self.objective = SpeechObjective(network, probe)
        self.turns: dict[str, nn.Module] = {"network": network}

    def batch(self, step: int) -> Recordings:
        """The windows of a step."""
        return self._draw(np.random.default_rng([self._seed, step]), self._batch)

    def _draw(self, rng: np.random.Generator, count: int) -> Recordings:
        windows = [self.reels.window(rng, self._window) for _ in range(count)]
        mel, features = (torch.from_numpy(np.stack(parts)) for parts in zip(*windows, strict=True))
        return Recordings(mel, features)

    def pictures(self, network: nn.Module, step: int) -> Iterable[tuple[str, np.ndarray]]:  # noqa: ARG002 - same sound
        """The features of one stretch of sound: the teacher's above the student's, in spreads."""
        device = network.leave.weight.device
        recording = self._draw(np.random.default_rng(self._seed), 1)
        with torch.no_grad():
            heard, _ = network(recording.mel.to(device), network.no_memory(1))
        late = network.config.lookahead
        rows = [
            (((features.cpu() - network.feature_mean.cpu()) / network.feature_spread.cpu())[0].numpy())
            for features in (recording.features[:, :-late], heard[:, late:])
        ]
        yield "features", _grey(np.concatenate(rows, axis=1).T)

    def describe(self) -> dict[str, Any]:
        """What rebuilds the network, and what it learns from."""
        return {
            "network": asdict(self.config),
            "batch": self._batch,
            "window": self._window,
            "reels": len(self.reels),
        }


def _grey(values: np.ndarray) -> np.ndarray:
    """Numbers of unit spread as an RGB picture, zero in the middle."""
    levels = np.clip(128 + 48 * values, 0, 255).astype(np.uint8)
    return np.repeat(levels[:, :, None], 3, axis=2)
