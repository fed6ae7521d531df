"""What the mouth network is trained for: to be like the real frame, closely, in features, to a critic."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from sonic.train.mouth.network import blend

if TYPE_CHECKING:
    from sonic.train.mouth.critic import MouthCritic
    from sonic.train.mouth.dataset import Mouth
    from sonic.train.mouth.network import MouthNetwork

_TAPS = 3  # pixels on either side that a blur reaches


@dataclass(frozen=True)
class MouthLossConfig:
    """Weights of the terms beside the plain difference, which counts as one.

    Attributes:
        features: difference in the critic's features.
        adversarial: the critic's verdict.
        added: size of what the network adds, so that what can be drawn is drawn.
        doubt: teeth that are neither shown nor hidden.
        codes: size of the people's codes.
    """

    features: float = 2.0
    adversarial: float = 0.1
    added: float = 0.05
    doubt: float = 0.1
    codes: float = 0.002


class MouthObjective(nn.Module):
    """Terms of the turns "network" and "critic" (hinge loss, Lim and Ye 2017)."""

    def __init__(
        self, network: MouthNetwork, critic: MouthCritic, config: MouthLossConfig | None = None
    ) -> None:
        super().__init__()
        self.network, self.critic = network, critic
        self.config = config or MouthLossConfig()
        self._painted: Tensor | None = None

    def forward(self, mouth: Mouth, turn: str) -> dict[str, Tensor]:
        """Named terms; "total" is to be minimised."""
        return self._network_terms(mouth) if turn == "network" else self._critic_terms(mouth)

    def _maps(self, mouth: Mouth) -> Tensor:
        return self.network(mouth.planes, mouth.conditions, self.network.codes[mouth.person])

    def _network_terms(self, mouth: Mouth) -> dict[str, Tensor]:
        maps = self._maps(mouth)
        frame = framed(blend(maps, mouth), mouth)
        self._painted = frame.detach()  # the critic's turn comes next, and painting is the dearest part of it
        *found, verdict = self.critic(frame, mouth.hole)
        with torch.no_grad():
            *wanted, _ = self.critic(mouth.truth, mouth.hole)
        apart = [_inside((a - b).abs(), mouth.hole) for a, b in zip(found, wanted, strict=True)]
        terms = {
            "difference": _inside((frame - mouth.truth).abs(), mouth.hole),
            "features": torch.stack(apart).mean(),
            "adversarial": -_inside(verdict, mouth.hole),
            "added": _inside(maps[:, 6:].abs(), mouth.hole),
            "doubt": _inside(maps[:, :2] * (1 - maps[:, :2]), mouth.hole),
            "codes": self.network.codes[mouth.person].square().mean(),
        }
        weighted = [weight * terms[name] for name, weight in asdict(self.config).items()]
        return {"total": terms["difference"] + torch.stack(weighted).sum(), **terms}

    def _critic_terms(self, mouth: Mouth) -> dict[str, Tensor]:
        frame = self._painted
        if frame is None:
            with torch.no_grad():
                frame = framed(blend(self._maps(mouth), mouth), mouth)
        self._painted = None
        real, painted = self.critic(mouth.truth, mouth.hole)[-1], self.critic(frame, mouth.hole)[-1]
        missed = _inside(torch.relu(1 - real) + torch.relu(1 + painted), mouth.hole)
        return {"total": missed, "margin": _inside(real - painted, mouth.hole)}


def framed(inside: Tensor, mouth: Mouth) -> Tensor:
    """The real frame with a painted `inside`, made as coarse as the frame is: [B, 3, 64, 96].

    Coarse footage so teaches colours and places without teaching blur.
    """
    return mouth.truth + mouth.hole * (blurred(inside, mouth.blur) - mouth.truth)


def blurred(frames: Tensor, spread: Tensor) -> Tensor:
    """Frames [B, C, H, W] under Gaussians of standard deviation `spread` [B] pixels; 0 changes nothing."""
    places = torch.arange(-_TAPS, _TAPS + 1, device=frames.device)
    weights = torch.exp(-0.5 * (places / spread.clamp(min=0.05)[:, None]) ** 2)
    weights = weights / weights.sum(1, keepdim=True)
    batch, channels = frames.shape[:2]
    kernels = weights.repeat_interleave(channels, 0)[:, None]
    stacked = frames.reshape(1, batch * channels, *frames.shape[2:])
    padded = functional.pad(stacked, (_TAPS, _TAPS, _TAPS, _TAPS), mode="replicate")
    across = functional.conv2d(padded, kernels[:, :, None], groups=len(kernels))
    both = functional.conv2d(across, kernels[..., None], groups=len(kernels))
    return both.reshape(frames.shape)


def _inside(values: Tensor, hole: Tensor) -> Tensor:
    """The mean of values [B, C, h, w] over the opening [B, 1, H, W], scaled to their size."""
    shares = functional.adaptive_max_pool2d(hole, values.shape[-2:])
    return (values.mean(1, keepdim=True) * shares).sum() / shares.sum().clamp(min=1)
