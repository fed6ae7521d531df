"""The mouth stage as the training loop sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from sonic.train.mouth.critic import MouthCritic
from sonic.train.mouth.network import MouthNetwork, MouthNetworkConfig, blend
from sonic.train.mouth.objective import MouthLossConfig, MouthObjective, framed
from sonic.train.seeds import seeded

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from torch import Tensor, nn

    from sonic.train.mouth.dataset import Mouth, Mouths

_SHOWN = 8  # mouths in a picture
_FIRST_PICTURE = 1_000_000_000  # a batch number that training never reaches


class MouthStage:
    """Trains a mouth network against a critic.

    Args:
        mouths: frames to learn from.
        config: sizes of the network.
        losses: weights of the terms.
        shown: frames of other people for the pictures; those of `mouths` if not given.
    """

    name = "mouth"

    def __init__(
        self,
        mouths: Mouths,
        config: MouthNetworkConfig,
        losses: MouthLossConfig | None = None,
        shown: Mouths | None = None,
    ) -> None:
        self.mouths, self.shown = mouths, shown or mouths
        with seeded(mouths.seed):
            self.objective = MouthObjective(MouthNetwork(config), MouthCritic(), losses)
        self.turns: dict[str, nn.Module] = {
            "network": self.objective.network,
            "critic": self.objective.critic,
        }

    def batch(self, step: int) -> Mouth:
        """The frames of a step."""
        return self.mouths.batch(step)

    def pictures(self, network: nn.Module, step: int) -> Iterable[tuple[str, np.ndarray]]:  # noqa: ARG002
        """Real mouths with the drawn layers, with what the network makes of them, and as they are."""
        yield "mouths", strip(network, self.shown.batch(_FIRST_PICTURE))

    def describe(self) -> dict[str, Any]:
        """Sizes of the network, and whose codes it holds."""
        return {"network": self.objective.network.config.to_dict(), "people": self.mouths.people}


@torch.no_grad()
def strip(network: nn.Module, mouth: Mouth) -> np.ndarray:
    """Rows of drawn, painted and real mouths, uint8 RGB [64 n, 288, 3]."""
    network.eval()
    maps = network(mouth.planes, mouth.conditions, network.codes.mean(0, keepdim=True))
    plain = torch.ones_like(maps)
    plain[:, 2] = 0.5
    plain[:, 6:] = 0
    sides = [framed(blend(each, mouth), mouth) for each in (plain, maps)]
    rows = torch.cat([*sides, mouth.truth], dim=3)[:_SHOWN]
    picture = torch.cat(list(rows), dim=1).permute(1, 2, 0)
    return _to_uint8(picture)


def _to_uint8(picture: Tensor) -> np.ndarray:
    light = picture.clamp(0, 1.7) / 1.7 * 255
    return light.round().to(torch.uint8).cpu().numpy()


__all__ = ["MouthStage", "strip"]
