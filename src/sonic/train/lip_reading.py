"""What a probe reads of the mouth out of speech features, as a loss for networks that make features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sonic.motion.probe import CONTEXT, FEATURES_PER_FRAME, MOUTH

if TYPE_CHECKING:
    from sonic.motion.probe import LipProbe


class LipReading(nn.Module):
    """A probe's lip opening, mouth width and jaw drop as a convolution over time."""

    def __init__(self, probe: LipProbe) -> None:
        super().__init__()
        weight = torch.from_numpy(probe.weight[:, :MOUTH].astype(np.float32)).view(2 * CONTEXT + 1, -1, MOUTH)
        self.register_buffer("weight", weight.permute(2, 1, 0).contiguous())

    def forward(self, made: Tensor, real: Tensor) -> Tensor:
        """Squared error of each reading as a share of its variance, [3], of features [B, T, F] at 50 Hz."""
        seen, meant = (
            functional.conv1d(features[:, ::FEATURES_PER_FRAME].transpose(1, 2), self.weight)
            for features in (made, real)
        )
        return (seen - meant).square().mean((0, 2)) / meant.var((0, 2)).clamp(min=1e-8)
