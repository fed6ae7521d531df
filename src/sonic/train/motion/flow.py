"""Conditional flow matching on straight paths: the training target, and the losses that keep lips honest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from sonic.face.topology import CHIN, MOUTH_CORNERS
from sonic.motion.mouth import lip_gaps
from sonic.motion.regions import LIPS

if TYPE_CHECKING:
    from torch import Tensor

    from sonic.motion.space import MotionSpace
    from sonic.train.motion.agreement import Agreement
    from sonic.train.motion.network import MotionNetwork

_GAPS = (2, 3, 4, 5, 6)  # of the nine places along the inner lips
_CLOSED = 0.03  # IOD; below this opening a frame is a closure
_CLOSURE_WEIGHT = 3.0
_LEAST_NOISE = 0.2  # keeps the weight of nearly finished samples finite


@dataclass(frozen=True)
class Batch:
    """Windows of clips, padded to one length.

    Attributes:
        features: speech features at 50 Hz, [B, 2 T, F].
        motion: normalised motion, [B, T, D].
        valid: False on padding, [B, T].
        known: 1 on frames whose motion is given, [B, T, 1].
        style: performance numbers and whether each is given, [B, 2 S].
        dropped: clips whose speech is withheld, [B].
    """

    features: Tensor
    motion: Tensor
    valid: Tensor
    known: Tensor
    style: Tensor
    dropped: Tensor


@dataclass(frozen=True)
class LossWeights:
    """How much each kind of error counts."""

    lips: float = 1.0
    speed: float = 0.5
    average: float = 0.5
    sync: float = 0.06  # counts where a sync network watches


class FlowLoss(nn.Module):
    """Flow matching with clean-motion prediction, measured on coefficients, lip points and speeds."""

    def __init__(
        self, space: MotionSpace, weights: LossWeights | None = None, agreement: Agreement | None = None
    ) -> None:
        super().__init__()
        self.weights = weights or LossWeights()
        self.agreement = agreement
        opening = space.opening(np.eye(space.dim, dtype=np.float32) * space.spread)
        constants = {
            "dims": coefficient_weights(space),
            "readout": lip_readout(space),
            "opening": opening.astype(np.float32),
        }
        for name, values in constants.items():
            self.register_buffer(name, torch.from_numpy(values), persistent=False)
        self.rest_opening = float(space.opening(space.mean[None])[0])

    def forward(self, network: MotionNetwork, batch: Batch, time: Tensor, noise: Tensor) -> dict[str, Tensor]:
        """Loss terms for times [B] in 0..1 and noise like the motion; their sum is the term "total"."""
        clean, known = batch.motion, batch.known
        along = time[:, None, None]
        noisy = torch.lerp(noise, clean, along) * (1 - known) + clean * known
        speech = network.condition(batch.features, batch.dropped, batch.valid)
        seen = clean + 0.1 * noise.flip(0)  # generated context is not perfect either
        guess = network.flow(noisy, time, speech, seen * known, known, batch.style, batch.valid)
        urgency = 1 / (1 - along + _LEAST_NOISE)
        counted = batch.valid[..., None] * (1 - known) * urgency / urgency.mean()
        # In full precision, also where the network calculates in half.
        with torch.autocast(clean.device.type, enabled=False):
            terms = self._errors(guess.float(), clean, counted)
            if self.agreement is not None:
                terms["sync"] = self.agreement(guess.float(), batch.features, batch.valid, ~batch.dropped)
        average = network.flow.average(speech).float()
        terms["average"] = weighted_mean((average - clean) ** 2 * self.dims, batch.valid[..., None])
        terms["total"] = terms["motion"] + sum(
            weight * terms[name] for name, weight in vars(self.weights).items() if name in terms
        )
        return terms

    def _errors(self, guess: Tensor, clean: Tensor, counted: Tensor) -> dict[str, Tensor]:
        error = guess - clean
        closed = (clean @ self.opening + self.rest_opening < _CLOSED).float()[..., None]
        lips = (error @ self.readout) ** 2 * (1 + _CLOSURE_WEIGHT * closed)
        speed = (error[:, 1:] - error[:, :-1]) ** 2 * self.dims
        return {
            "motion": weighted_mean(error**2 * self.dims, counted),
            "lips": weighted_mean(lips, counted),
            "speed": weighted_mean(speed, counted[:, 1:]),
        }


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """Mean of values [B, T, N] with weights [B, T, 1]."""
    return (values * weights).sum() / (weights.sum() * values.shape[-1]).clamp(min=1e-6)


def coefficient_weights(space: MotionSpace) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """How much each number of the motion vector counts, [dim]: in the mouth by what it moves at the lips."""
    moved = np.linalg.norm(space.mouth_basis[:, LIPS, :2], axis=(1, 2)) * space.spread[space.groups["mouth"]]
    weights = np.ones(space.dim, np.float32)
    weights[space.groups["mouth"]] = 0.3 + 3 * moved / moved.max()
    weights[space.groups["brows"]] = 0.5
    weights[space.groups["gaze"]] = 0.5
    return weights


def lip_readout(space: MotionSpace) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Normalised motion to lip gaps, mouth width and jaw drop, each of unit spread, [dim, 7]."""
    basis = space.mouth_basis
    width = basis[:, MOUTH_CORNERS[1], 0] - basis[:, MOUTH_CORNERS[0], 0]
    readings = np.concatenate([lip_gaps(basis)[:, _GAPS], width[:, None], basis[:, CHIN, 1:2]], axis=1)
    spread = space.spread[space.groups["mouth"]]
    readings = readings * spread[:, None]
    readout = np.zeros((space.dim, readings.shape[1]), np.float32)
    readout[space.groups["mouth"]] = readings / np.linalg.norm(readings, axis=0)
    return readout
