"""Lip points of motion vectors, in torch and with gradients, as the sync network looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from sonic.motion.sync import lip_geometry

if TYPE_CHECKING:
    from sonic.motion.space import MotionSpace


class MotionLips(nn.Module):
    """Reads the lip points of the average face out of normalised motion.

    They differ from tracked lips by what the motion space leaves out, and by whose lips they are.
    """

    template: Tensor
    basis: Tensor

    def __init__(self, space: MotionSpace) -> None:
        super().__init__()
        rest, turned = lip_geometry(space)
        mouth = space.groups["mouth"]
        basis = np.zeros((space.dim, *rest.shape), np.float32)
        basis[mouth] = turned * space.spread[mouth, None, None]
        at_mean = np.tensordot(space.mean[mouth], turned, 1)
        self.register_buffer("template", torch.from_numpy(rest + at_mean.astype(np.float32)))
        self.register_buffer("basis", torch.from_numpy(basis))

    def forward(self, motion: Tensor) -> Tensor:
        """Lip points [B, T, 50, 3], eye distances, of normalised motion [B, T, dim]."""
        return self.template + torch.einsum("btd,dpc->btpc", motion, self.basis)
