"""Lip points of motion vectors, in torch and with gradients, as the sync network looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from sonic.evaluate.sync import LIP_POINTS
from sonic.face.topology import canonical_vertices
from sonic.motion.head import fit_head

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
        chosen = list(LIP_POINTS)
        pose, points = fit_head(space.template[None], canonical_vertices())
        turned = space.mouth_basis[:, chosen] @ pose.rotation[0] / pose.scale[0]
        mouth = space.groups["mouth"]
        basis = np.zeros((space.dim, len(chosen), 3), np.float32)
        basis[mouth] = turned * space.spread[mouth, None, None]
        at_mean = np.tensordot(space.mean[mouth], turned, 1)
        self.register_buffer("template", torch.from_numpy(points[0, chosen] + at_mean.astype(np.float32)))
        self.register_buffer("basis", torch.from_numpy(basis))

    def forward(self, motion: Tensor) -> Tensor:
        """Lip points [B, T, 50, 3], eye distances, of normalised motion [B, T, dim]."""
        return self.template + torch.einsum("btd,dpc->btpc", motion, self.basis)
