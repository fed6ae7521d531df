"""A network of the shape of Wav2Lip (Prajwal et al. 2020) with random weights: only its cost matters.

Written from the published description: a face encoder over two stacked 96x96 faces, an encoder over 0.2 s
of mel spectrogram, and a decoder that meets the face encoder's output again at every size; 36 million
parameters.
"""

# The checker does not know torch, and takes its classes for Any.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

FACE = 96  # pixels
MEL_BANDS, MEL_FRAMES = 80, 16
PARAMETERS = 36.3e6  # published size
# Face encoder: (channels, residual blocks), each level half as large as the one before, from 96 to 3 pixels.
FACE_LEVELS = ((16, 0), (32, 2), (64, 3), (128, 2), (256, 2), (512, 1))
# Audio encoder: (channels, stride over bands and time, residual blocks).
AUDIO_LEVELS = ((32, (1, 1), 2), (64, (3, 1), 2), (128, (3, 3), 2), (256, (3, 2), 1))
# Decoder: (channels, residual blocks) at 3, 6, 12, 24, 48 and 96 pixels.
DECODER_LEVELS = ((512, 1), (512, 2), (384, 2), (256, 2), (128, 2), (64, 2))
CODE = 512


class Block(nn.Module):
    """Convolution, batch normalisation and ReLU; with `residual`, the input is added first."""

    def __init__(self, convolution: nn.Module, channels: int, *, residual: bool = False) -> None:
        super().__init__()
        self.layers = nn.Sequential(convolution, nn.BatchNorm2d(channels))
        self.residual = residual

    def forward(self, pixels: Tensor) -> Tensor:
        """The same shape as the convolution gives, `[B, channels, H, W]`."""
        out: Tensor = self.layers(pixels)
        return torch.relu(out + pixels if self.residual else out)


class Wav2LipShape(nn.Module):
    """Mouths for a batch of frames: mel `[B, 1, 80, 16]` and faces `[B, 6, 96, 96]` to `[B, 3, 96, 96]`."""

    def __init__(self) -> None:
        super().__init__()
        self.face_encoder = nn.ModuleList(_face_encoder())
        self.audio_encoder = nn.Sequential(*_audio_encoder())
        self.decoder = nn.ModuleList(_decoder())
        last = FACE_LEVELS[0][0] + DECODER_LEVELS[-1][0]
        self.output = nn.Sequential(_convolve(last, 32), nn.Conv2d(32, 3, 1), nn.Sigmoid())

    def forward(self, mel: Tensor, faces: Tensor) -> Tensor:
        """Pictures of the lower face's new shape, 0..1."""
        seen = []
        for level in self.face_encoder:
            faces = level(faces)
            seen.append(faces)
        pixels = self.audio_encoder(mel)
        for level in self.decoder:
            pixels = torch.cat([level(pixels), seen.pop()], dim=1)
        out: Tensor = self.output(pixels)
        return out


def count_parameters(network: nn.Module) -> int:
    """Learned numbers of a network."""
    return sum(parameter.numel() for parameter in network.parameters())


def _convolve(inputs: int, outputs: int, kernel: int = 3, *, stride: int | tuple[int, int] = 1) -> Block:
    return Block(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2), outputs)


def _valid(inputs: int, outputs: int, kernel: int) -> Block:
    """Without padding: what is `kernel` pixels wide becomes one."""
    return Block(nn.Conv2d(inputs, outputs, kernel), outputs)


def _residuals(channels: int, count: int) -> Iterable[Block]:
    for _ in range(count):
        yield Block(nn.Conv2d(channels, channels, 3, 1, 1), channels, residual=True)


def _face_encoder() -> Iterable[nn.Module]:
    """One level for each size, and one that makes a single vector of the last."""
    inputs = 6  # the face with its lower half masked, and another picture of the same face
    for level, (channels, residuals) in enumerate(FACE_LEVELS):
        first = _convolve(inputs, channels, stride=2) if level else _convolve(inputs, channels, 7)
        yield nn.Sequential(first, *_residuals(channels, residuals))
        inputs = channels
    yield nn.Sequential(_valid(inputs, CODE, 3), _valid(CODE, CODE, 1))


def _audio_encoder() -> Iterable[nn.Module]:
    inputs = 1
    for channels, stride, residuals in AUDIO_LEVELS:
        yield _convolve(inputs, channels, stride=stride)
        yield from _residuals(channels, residuals)
        inputs = channels
    yield _valid(inputs, CODE, 3)
    yield _valid(CODE, CODE, 1)


def _decoder() -> Iterable[nn.Module]:
    """The levels' inputs are the level before and what the face encoder saw at that size."""
    yield _valid(CODE, CODE, 1)
    skips = [CODE, *(channels for channels, _ in reversed(FACE_LEVELS))]
    inputs = CODE
    for level, (channels, residuals) in enumerate(DECODER_LEVELS):
        yield nn.Sequential(
            Block(_enlarge(inputs + skips[level], channels, first=level == 0), channels),
            *_residuals(channels, residuals),
        )
        inputs = channels


def _enlarge(inputs: int, outputs: int, *, first: bool) -> nn.ConvTranspose2d:
    """From 1 to 3 pixels at first, then to twice the size."""
    if first:
        return nn.ConvTranspose2d(inputs, outputs, 3)
    return nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1)
