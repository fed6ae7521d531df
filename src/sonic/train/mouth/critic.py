"""The critic: looks at patches of mouths and tells real frames from painted ones."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

_SLOPE = 0.2


class MouthCritic(nn.Module):
    """A patch critic (Isola et al. 2017) with spectral normalisation (Miyato et al. 2018).

    Its layers also serve as the features in which painted and real mouths are compared.
    """

    def __init__(self, widths: tuple[int, ...] = (16, 32, 48)) -> None:
        super().__init__()
        sizes = [4, *widths]
        self.layers = nn.ModuleList(
            [
                spectral_norm(nn.Conv2d(before, after, 4, stride=2, padding=1))
                for before, after in pairwise(sizes)
            ]
        )
        self.head = spectral_norm(nn.Conv2d(sizes[-1], 1, 3, padding=1))

    def forward(self, frames: Tensor, hole: Tensor) -> list[Tensor]:
        """Features of every layer, and as the last one the verdicts [B, 1, 8, 12]; high means real.

        Args:
            frames: mouths in shares of the skin's brightness, [B, 3, 64, 96].
            hole: coverage of the opening between the lips, [B, 1, 64, 96].
        """
        values = torch.cat([frames, hole], dim=1)
        found = []
        for layer in self.layers:
            values = nn.functional.leaky_relu(layer(values), _SLOPE)
            found.append(values)
        return [*found, self.head(values)]
