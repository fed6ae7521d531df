"""The sync network: towers that put five frames of a face and of a sound where they belong together."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from sonic.motion.regions import INNER_LIP_LOWER, INNER_LIP_UPPER
from sonic.motion.sync import LIP_POINTS, WINDOW

PIXELS = (48, 64)  # grey mouth crop, rows and columns
_UPPER = tuple(LIP_POINTS.index(point) for point in INNER_LIP_UPPER)
_LOWER = tuple(LIP_POINTS.index(point) for point in INNER_LIP_LOWER)
_PICTURE_CHANNELS = (32, 48, 64)
_LIP_UNIT = 0.05  # eye distances; brings lip movement to about one
_HOTTEST = 4.6  # logarithm of the largest scale; cosines say no more than that


@dataclass(frozen=True)
class SyncConfig:
    """Sizes of the sync network.

    Attributes:
        sound_dim: numbers a row of sound: 80 for log-mel, 384 for speech features.
        sound_rows: rows a video frame: 4 for log-mel, 2 for speech features.
        sound_context: video frames of sound heard before and after a window's five.
        landmarks: whether there is a tower for lip points.
        pixels: whether there is a tower for mouth crops.
        width: channels inside the towers.
        embedding: numbers a window becomes.
        blocks: residual layers at the end of each tower.
        dropout: share of channels left out in training.
    """

    sound_dim: int
    sound_rows: int
    sound_context: int = 0
    landmarks: bool = True
    pixels: bool = False
    width: int = 96
    embedding: int = 64
    blocks: int = 1
    dropout: float = 0.2


class Refine(nn.Module):
    """Residual layers on each window by itself, then its place on the unit sphere."""

    def __init__(self, config: SyncConfig) -> None:
        super().__init__()
        width = config.width
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width),
                nn.Linear(width, 2 * width),
                nn.SiLU(),
                nn.Linear(2 * width, width),
            )
            for _ in range(config.blocks)
        )
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, config.embedding))

    def forward(self, windows: Tensor) -> Tensor:
        """Windows [B, V, W] -> unit embeddings [B, V, E]."""
        for layer in self.layers:
            windows = windows + layer(windows)
        return functional.normalize(self.out(windows), dim=-1)


class LipTower(nn.Module):
    """Lip points of five frames: where they are beside the clip's rest, and how they move."""

    def __init__(self, config: SyncConfig) -> None:
        super().__init__()
        channels = 2 * len(LIP_POINTS) + len(_UPPER)
        self.places = nn.Conv1d(channels, config.width, WINDOW)
        self.moves = nn.Conv1d(channels, config.width, WINDOW - 1)
        self.dropout = nn.Dropout(config.dropout)
        self.refine = Refine(config)

    def forward(self, lips: Tensor, rest: Tensor) -> Tensor:
        """Lips [B, T, P, 2 or more] and their rest [B, 1, P, 2 or more], eye distances -> [B, T - 4, E]."""
        shape = ((lips - rest)[..., :2] / _LIP_UNIT).flatten(2)
        # How far the lips are from touching needs no rest: closed is closed on every face.
        gaps = (lips[..., _LOWER, 1] - lips[..., _UPPER, 1]) / _LIP_UNIT
        frames = torch.cat([shape, gaps], -1).transpose(1, 2)
        moved = 3 * (frames[..., 1:] - frames[..., :-1])
        windows = self.places(frames) + self.moves(moved)
        return self.refine(self.dropout(functional.silu(windows.transpose(1, 2))))


class PixelTower(nn.Module):
    """Grey mouth crops of five frames."""

    def __init__(self, config: SyncConfig) -> None:
        super().__init__()
        first, second, third = _PICTURE_CHANNELS
        self.picture = nn.Sequential(
            nn.Conv2d(2, first, 4, stride=4),
            nn.GroupNorm(4, first),
            nn.SiLU(),
            nn.Conv2d(first, second, 3, stride=2, padding=1),
            nn.GroupNorm(4, second),
            nn.SiLU(),
            nn.Conv2d(second, third, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Flatten(),
        )
        self.frame = nn.Linear(third * (PIXELS[0] // 16) * (PIXELS[1] // 16), config.width)
        self.windows = nn.Conv1d(config.width, config.width, WINDOW)
        self.dropout = nn.Dropout(config.dropout)
        self.refine = Refine(config)

    def forward(self, crops: Tensor, rest: Tensor) -> Tensor:
        """Crops [B, T, 48, 64] in 0..1 and their mean [B, 1, 48, 64] -> [B, T - 4, E]."""
        contrast = crops.std((1, 2, 3), keepdim=True) + 0.05
        level = crops.mean((1, 2, 3), keepdim=True)
        pictures = torch.stack([(crops - level) / contrast, 2 * (crops - rest) / contrast], 2).flatten(0, 1)
        frames = self.frame(self.picture(pictures)).view(*crops.shape[:2], -1)
        windows = self.windows(functional.silu(frames).transpose(1, 2)).transpose(1, 2)
        return self.refine(self.dropout(functional.silu(windows)))


class SoundTower(nn.Module):
    """Rows of sound; the convolutions together see the window's frames and its context, and no row more."""

    def __init__(self, config: SyncConfig) -> None:
        super().__init__()
        rows, width = config.sound_rows, config.width
        self.register_buffer("mean", torch.zeros(config.sound_dim))
        self.register_buffer("spread", torch.ones(config.sound_dim))
        self.inner = nn.ModuleList(
            [nn.Conv1d(config.sound_dim, width, 3), *(nn.Conv1d(width, width, 3) for _ in range(rows // 4))]
        )
        self.frames = nn.Conv1d(width, width, rows, stride=rows)
        self.windows = nn.Conv1d(width, width, WINDOW - 1 + 2 * config.sound_context)
        self.dropout = nn.Dropout(config.dropout)
        self.context = config.sound_context * rows
        self.refine = Refine(config)

    def forward(self, rows: Tensor) -> Tensor:
        """Rows of sound [B, R T, D], held where a window's context leaves them -> [B, T - 4, E]."""
        heard = ((rows - self.mean) / self.spread).transpose(1, 2)
        heard = functional.pad(heard, (self.context, self.context), mode="replicate")
        for layer in self.inner:
            heard = functional.silu(layer(heard))
        heard = functional.silu(self.frames(self.dropout(heard)))
        windows = functional.silu(self.windows(heard).transpose(1, 2))
        return self.refine(self.dropout(windows))


class SyncNetwork(nn.Module):
    """A sound tower and one tower for each way to see a mouth, with learned temperatures.

    All towers give one unit vector per window of five frames; window k starts with frame k. The cosine of
    a seen and a heard window says how well they fit.
    """

    def __init__(self, config: SyncConfig) -> None:
        super().__init__()
        self.config = config
        self.sound = SoundTower(config)
        self.lips = LipTower(config) if config.landmarks else None
        self.mouth = PixelTower(config) if config.pixels else None
        self.log_scale = nn.ParameterDict(
            {name: nn.Parameter(torch.tensor(math.log(10.0))) for name in self.views}
        )

    @property
    def views(self) -> tuple[str, ...]:
        """How this network sees: "lips", "mouth" or both."""
        return tuple(
            name for name, there in (("lips", self.config.landmarks), ("mouth", self.config.pixels)) if there
        )

    def face(self, lips: Tensor, valid: Tensor | None = None) -> Tensor:
        """Embeddings [B, T - 4, E] of lip points [B, T, 50, 2 or 3] in eye distances; has gradients.

        `valid` [B, T] is False on padding, which must not count for the clip's rest.
        """
        assert self.lips is not None, "this network has no tower for lip points"
        return self.lips(lips, _mean_frame(lips, valid))

    def pixels(self, crops: Tensor, valid: Tensor | None = None) -> Tensor:
        """Embeddings [B, T - 4, E] of grey mouth crops [B, T, 48, 64] in 0..1; has gradients."""
        assert self.mouth is not None, "this network has no tower for mouth crops"
        return self.mouth(crops, _mean_frame(crops, valid))

    def audio(self, rows: Tensor) -> Tensor:
        """Embeddings [B, T - 4, E] of sound rows [B, R T, D]: speech features or log-mel, see the config."""
        return self.sound(rows)

    def scale(self, view: str) -> Tensor:
        """One over the temperature of a view's cosines."""
        return self.log_scale[view].clamp(max=_HOTTEST).exp()


def _mean_frame(frames: Tensor, valid: Tensor | None) -> Tensor:
    if valid is None:
        return frames.mean(1, keepdim=True)
    weight = valid.float().view(*valid.shape, *[1] * (frames.ndim - 2))
    return (frames * weight).sum(1, keepdim=True) / weight.sum(1, keepdim=True).clamp(min=1)
