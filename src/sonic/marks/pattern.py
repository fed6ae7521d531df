"""The pattern behind the watermark: a tile of noise whose shifted layers spell bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats: TypeAlias = npt.NDArray[np.float32]
    Reals: TypeAlias = npt.NDArray[np.float64]
    Spectrum: TypeAlias = npt.NDArray[np.complex128]
    Indices: TypeAlias = npt.NDArray[np.intp]

SIDE = 64  # samples of a tile, on both sides
TILES = 2  # along the short side of a picture; what is longer repeats them
BYTES = 5  # layers that carry one each
GRID = 16  # places of a layer along a side: 16 x 16 of them spell one byte
STEP = SIDE // GRID
FINER = 4  # how much finer than its samples the tile is drawn

# Waves a tile: longer ones drown in the picture's shading, shorter ones are lost at half size.
_BAND = (8.0, 24.0)
_ANCHOR = 0.33  # of the waves tell where the tile begins
_KEY = b"sonic watermark 1"  # public: whoever has Sonic can find, write and disturb the mark


@dataclass(frozen=True)
class Layer:
    """Waves that belong together: their places in a flat spectrum, and the spectrum itself, half a plane."""

    waves: Indices
    spectrum: Spectrum


@cache
def layers() -> tuple[Layer, ...]:
    """The anchor, which never moves, and one layer for each byte; no two share a wave.

    The key decides, by a hash that is the same everywhere and always, which wave belongs to which layer and
    with which phase: to any picture that was made without it, the phases are uniformly random.
    """
    ys, xs = np.meshgrid(np.fft.fftfreq(SIDE, 1 / SIDE), np.fft.fftfreq(SIDE, 1 / SIDE), indexing="ij")
    radius = np.hypot(xs, ys)
    inside = (radius >= _BAND[0]) & (radius <= _BAND[1]) & ((ys > 0) | ((ys == 0) & (xs > 0)))
    chance = np.frombuffer(hashlib.shake_256(_KEY).digest(8 * SIDE * SIDE), "<u4").reshape(2, -1)
    phases = chance[0] * (2 * np.pi / 2**32)
    waves = np.flatnonzero(inside)
    waves = waves[np.argsort(chance[1][waves], kind="stable")]
    anchor = round(_ANCHOR * len(waves))
    groups = [waves[:anchor], *np.array_split(waves[anchor:], BYTES)]
    return tuple(Layer(group, _spectrum(group, phases)) for group in groups)


def _spectrum(waves: Indices, phases: Reals) -> Spectrum:
    flat = np.zeros(SIDE * SIDE, np.complex128)
    flat[waves] = np.exp(1j * phases[waves])
    return flat.reshape(SIDE, SIDE)


def moved(spectrum: Spectrum, down: float, right: float) -> Spectrum:
    """The spectrum of a tile after it was moved round by so many samples."""
    waves = np.fft.fftfreq(SIDE)
    moved: Spectrum = spectrum * np.exp(-2j * np.pi * (waves[:, None] * down + waves[None, :] * right))
    return moved


def tile(symbols: Sequence[int]) -> Floats:
    """The tile that spells `BYTES` bytes, `[SIDE * FINER] * 2`, mean square 1."""
    anchor, *carriers = layers()
    spectrum = anchor.spectrum.copy()
    for layer, symbol in zip(carriers, symbols, strict=True):
        row, column = divmod(symbol, GRID)
        spectrum += moved(layer.spectrum, row * STEP, column * STEP)
    fine = np.zeros((SIDE * FINER, SIDE * FINER), np.complex128)
    low = np.fft.fftfreq(SIDE, 1 / SIDE).astype(int)
    fine[np.ix_(low, low)] = spectrum
    drawn = np.fft.ifft2(fine).real
    return np.asarray(drawn / drawn.std(), np.float32)
