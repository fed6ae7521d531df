"""The mouth network: a small U-Net that says how to light and mix drawn teeth, tongue and dark."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from sonic.render.mouth_view import CONDITIONS, PLANES

if TYPE_CHECKING:
    from sonic.train.mouth.dataset import Mouth

MAPS = 9  # visibility and light of upper teeth, lower teeth and tongue; what is added to red, green, blue
_VISIBILITIES = 3
_ADDED = 0.2  # of the skin's brightness, the most that is added or taken away
_FIRST_VISIBILITY = (2.0, 2.0, -1.0)  # logits with which training starts
_FIRST_CODE = 0.4  # spread of the codes with which training starts
_CODE_SPEED = 8.0  # a code changes so much faster than a weight, because it is so much more rarely looked at
_STRIDE = 2  # the network works at half the view's size: a quarter of the cost
_SMOOTH = 4  # light changes slowly: pixels of the view between two values of it


@dataclass(frozen=True)
class MouthNetworkConfig:
    """Sizes of the network.

    Attributes:
        people: how many it learns from; each has a code of its own.
        code_width: numbers that tell one person's mouth from another's.
        widths: channels at a half, a quarter and an eighth of the view's size.
        condition_width: of the layer between the numbers and what they steer.
    """

    people: int = 1
    code_width: int = 6
    widths: tuple[int, int, int] = (16, 32, 64)
    condition_width: int = 32

    def to_dict(self) -> dict[str, Any]:
        """The sizes as JSON."""
        return asdict(self) | {"widths": list(self.widths)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> MouthNetworkConfig:
        """The opposite of `to_dict`."""
        return cls(**{**values, "widths": tuple(values["widths"])})


class MouthNetwork(nn.Module):
    """Maps [B, 9, 64, 96] from a mouth's planes [B, 9, 64, 96] and conditions [B, 11].

    The first three maps are 0..1, the lights 0..2, the last three within a fifth of the skin's brightness;
    lights and what is added are smooth, so that all fine detail is that of the drawn layers.

    How people show their teeth differs more than anything that a picture tells beforehand. Averaged over
    people every mouth is grey, so each person of the training has a code (Bojanowski et al. 2018), and one
    code is chosen when the network is used.
    """

    def __init__(self, config: MouthNetworkConfig | None = None) -> None:
        super().__init__()
        self.config = config or MouthNetworkConfig()
        fine, middle, coarse = self.config.widths
        self._codes = nn.Embedding(self.config.people, self.config.code_width)
        self.spread = nn.PixelUnshuffle(_STRIDE)
        self.stem = nn.Conv2d(PLANES * _STRIDE**2, fine, 3, padding=1)
        self.shrink_middle = nn.Conv2d(fine, middle, 3, stride=2, padding=1)
        self.down = _Block(middle)
        self.shrink_coarse = nn.Conv2d(middle, coarse, 3, stride=2, padding=1)
        self.deep = nn.ModuleList([_Block(coarse), _Block(coarse)])
        self.grow_middle = nn.Conv2d(coarse, middle, 1)
        self.up = _Block(middle)
        self.grow_fine = nn.Conv2d(middle, fine, 1)
        self.last = _Block(fine)
        numbers = CONDITIONS + self.config.code_width
        self.steer = _Steering(numbers, self.config.condition_width, self.config.widths)
        self.visibility = nn.Conv2d(fine, _VISIBILITIES, 3, padding=1)
        self.light = nn.Conv2d(middle, MAPS - _VISIBILITIES, 3, padding=1)
        self.smooth = nn.Upsample(scale_factor=_STRIDE, mode="bilinear")
        self.larger = nn.Upsample(scale_factor=2, mode="nearest")
        self.smoother = nn.Upsample(scale_factor=_SMOOTH, mode="bilinear")
        self._start()

    def _start(self) -> None:
        """Begin near the drawn layers as they are."""
        nn.init.normal_(self._codes.weight, std=_FIRST_CODE / _CODE_SPEED)
        for head in (self.visibility, self.light):
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.bias)
        with torch.no_grad():
            self.visibility.bias += torch.tensor(_FIRST_VISIBILITY)

    @property
    def codes(self) -> Tensor:
        """Everybody's code, [people, 6]."""
        return self._codes.weight * _CODE_SPEED

    def forward(self, planes: Tensor, conditions: Tensor, code: Tensor) -> Tensor:
        """The maps, for people with the codes [B, 6] (or [1, 6] for all)."""
        numbers = torch.cat([conditions, code.expand(len(conditions), -1)], dim=1)
        steer_fine, steer_middle, steer_coarse = self.steer(numbers)
        fine = torch.relu(steer_fine(self.stem(self.spread(planes))))
        middle = self.down(torch.relu(steer_middle(self.shrink_middle(fine))))
        deep = torch.relu(steer_coarse(self.shrink_coarse(middle)))
        for block in self.deep:
            deep = block(deep)
        middle = self.up(middle + self.larger(self.grow_middle(deep)))
        fine = self.last(fine + self.larger(self.grow_fine(middle)))
        light, added = self.smoother(self.light(middle)).chunk(2, dim=1)
        visibility = torch.sigmoid(self.smooth(self.visibility(fine)))
        return torch.cat([visibility, 2 * torch.sigmoid(light), _ADDED * torch.tanh(added)], dim=1)


class _Block(nn.Module):
    """Two convolutions beside the identity (He et al. 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, values: Tensor) -> Tensor:
        return torch.relu(values + self.second(torch.relu(self.first(values))))


class _Scale:
    """Scale and shift of every channel (FiLM, Perez et al. 2018)."""

    def __init__(self, numbers: Tensor) -> None:
        self.scale, self.shift = numbers[..., None, None].chunk(2, dim=1)

    def __call__(self, values: Tensor) -> Tensor:
        return values * (1 + self.scale) + self.shift


class _Steering(nn.Module):
    """From the numbers beside the picture to scales and shifts at every size."""

    def __init__(self, numbers: int, width: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.hidden = nn.Linear(numbers, width)
        self.heads = nn.ModuleList([nn.Linear(width, 2 * each) for each in widths])

    def forward(self, conditions: Tensor) -> list[_Scale]:
        hidden = torch.relu(self.hidden(conditions))
        return [_Scale(head(hidden)) for head in self.heads]


def blend(maps: Tensor, mouth: Mouth) -> Tensor:
    """What the maps make of the drawn layers, in shares of the skin's brightness, [B, 3, 64, 96].

    `sonic.render.mouth_network.blend` does the same with full-size layers.
    """
    shown, light, added = maps.split(3, dim=1)
    cavity, tongue = mouth.cavity[..., None, None], mouth.tongue[..., None, None]
    colours = (cavity + shown[:, 2:3] * (tongue - cavity)) * light[:, 2:3]
    for index, teeth in ((1, mouth.lower), (0, mouth.upper)):
        share, lit = shown[:, index : index + 1], light[:, index : index + 1]
        colours = colours * (1 - share * teeth[:, 3:]) + share * lit * teeth[:, :3]
    return colours + added
