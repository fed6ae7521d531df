"""Whether made lips belong to the sound they were made for, asked of a sync network while training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from sonic.motion.sync import WINDOW
from sonic.train.sync.lips import MotionLips
from sonic.train.sync.losses import matching_loss, similarities

if TYPE_CHECKING:
    from sonic.motion.space import MotionSpace
    from sonic.train.sync.network import SyncNetwork


class Agreement(nn.Module):
    """InfoNCE of made lips against their own sound, under a sync network that no longer learns."""

    def __init__(self, network: SyncNetwork, space: MotionSpace) -> None:
        super().__init__()
        self.network = network.requires_grad_(requires_grad=False)
        self.lips = MotionLips(space)
        self.train()

    def train(self, mode: bool = True) -> Agreement:
        """Only the outside world trains; the network judges without dropout."""
        super().train(mode)
        self.network.eval()
        return self

    def forward(self, motion: Tensor, features: Tensor, valid: Tensor, heard: Tensor) -> Tensor:
        """The loss of normalised motion [B, T, dim] made for speech features [B, 2 T, F].

        Args:
            motion: made motion; gradients flow into it.
            features: what it was made for.
            valid: False on padding, [B, T].
            heard: clips whose speech was not withheld, [B].
        """
        windows = similarities(self.network.face(self.lips(motion), valid), self.network.audio(features))
        scale = self.network.scale("lips")
        usable = valid.unfold(1, WINDOW, 1).all(-1)
        inside, outside = (scale * part for part in windows)
        return matching_loss(inside, outside, usable, usable & heard[:, None])
