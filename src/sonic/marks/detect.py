"""Finds the watermark of pictures that were compressed, scaled and cropped, and says how sure it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sonic.marks.evidence import folded, gather
from sonic.marks.pattern import GRID, SIDE, STEP, Layer, layers, moved
from sonic.marks.payload import from_symbols

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sonic.marks.pattern import Floats, Reals, Spectrum
    from sonic.media.film import Frame

CHANCE = 1e-6  # of calling a picture without a mark marked
_VISIBLE = np.exp(
    np.arange(math.log(0.42), math.log(1.06), 0.006)
)  # parts of the short side that may be left
_NEARBY = np.exp(np.arange(-4, 5) * 0.0015)
_BETWEEN = np.arange(-3, 4) * 0.25  # samples
_CANDIDATES = 3
_TRIES = 4 * len(_VISIBLE) * SIDE * SIDE  # places looked at; the finer steps count as four


@dataclass(frozen=True)
class Detection:
    """Whether there is a watermark, what it says, and how it was found.

    Attributes:
        found: whether chance alone would give so much agreement less than once in a million pictures.
        mark: 8 hexadecimal digits, the beginning of the video's number; None if a byte could not be read.
        probability: bound on the chance of as much agreement in a picture without this watermark.
        visible: the part of the original's short side that is left after cropping.
    """

    found: bool
    mark: str | None
    probability: float
    visible: float


class _Place(NamedTuple):
    """How well the anchor agrees, in standard deviations, and where: part that is visible, samples."""

    agreement: float
    visible: float
    down: float
    right: float


def detect(frames: Iterable[Frame]) -> Detection:
    """Look for a watermark in frames of one size, uint8 RGB `[H, W, 3]`; a dozen of a video are enough."""
    evidence = gather(frames)
    if evidence is None or min(evidence.shape) < 1:
        return Detection(found=False, mark=None, probability=1.0, visible=1.0)
    places = sorted(_anchors(evidence, _VISIBLE), reverse=True)[:_CANDIDATES]
    return min((_read(evidence, place) for place in places), key=lambda found: found.probability)


def _anchors(evidence: Floats, parts: Sequence[float] | Reals) -> list[_Place]:
    """The best place of the anchor for each of `parts` of the short side."""
    anchor = layers()[0]
    places = []
    for part in parts:
        agreement = _agreement(folded(evidence, float(part)), anchor)
        best = int(agreement.argmax())
        places.append(_Place(float(agreement.flat[best]), float(part), *divmod(best, SIDE)))
    return places


def _read(evidence: Floats, coarse: _Place) -> Detection:
    """Read the bytes where the anchor was found, after looking closer."""
    place = max(_anchors(evidence, coarse.visible * _NEARBY))
    spectrum = folded(evidence, place.visible)
    agreement, aligned = _aligned(spectrum, place)
    readings = [_symbols(aligned, layer) for layer in layers()[1:]]
    surprise = -math.log(max(_tail(agreement), 1e-300)) + sum(reading.surprise for reading in readings)
    probability = min(1.0, _TRIES * _joint_tail(surprise, 1 + len(readings)))
    found = probability < CHANCE
    return Detection(found, _mark(readings) if found else None, probability, min(1.0, place.visible))


def _aligned(spectrum: Spectrum, place: _Place) -> tuple[float, Spectrum]:
    """The best agreement between samples, and the spectrum moved so that the anchor lies at the origin."""
    anchor = layers()[0]
    scale = _deviation(spectrum, anchor)
    best, aligned = -math.inf, spectrum
    for down in place.down + _BETWEEN:
        for right in place.right + _BETWEEN:
            candidate = moved(spectrum, -down, -right)
            agreement = float((candidate * anchor.spectrum.conj()).real.sum()) / scale
            if agreement > best:
                best, aligned = agreement, candidate
    return best, aligned


class _Reading(NamedTuple):
    """The two likeliest bytes of a layer, how far apart they are, and the surprise of the best one."""

    first: int
    second: int
    lead: float
    surprise: float


def _symbols(aligned: Spectrum, layer: Layer) -> _Reading:
    agreement = _agreement(aligned, layer)[::STEP, ::STEP].ravel()
    second, first = (int(index) for index in np.argsort(agreement)[-2:])
    tail = _tail(float(agreement[first]))
    by_chance = -math.expm1(GRID * GRID * math.log1p(-tail)) if tail < 1 else 1.0
    lead = float(agreement[first] - agreement[second])
    return _Reading(first, second, lead, -math.log(max(by_chance, 1e-300)))


def _mark(readings: list[_Reading]) -> str | None:
    """What the layers spell; if the check fails, with the second reading of the least certain one."""
    symbols = [reading.first for reading in readings]
    unsure = min(range(len(readings)), key=lambda index: readings[index].lead)
    instead = [*symbols[:unsure], readings[unsure].second, *symbols[unsure + 1 :]]
    return from_symbols(symbols) or from_symbols(instead)


def _agreement(spectrum: Spectrum, layer: Layer) -> Reals:
    """How well a layer fits at each place `[SIDE, SIDE]`, in standard deviations of what chance gives."""
    fit: Reals = np.fft.ifft2(spectrum * layer.spectrum.conj()).real * (SIDE * SIDE)
    return fit / _deviation(spectrum, layer)


def _deviation(spectrum: Spectrum, layer: Layer) -> float:
    """Of a sum of the layer's waves with the magnitudes found but random phases."""
    magnitudes = np.abs(spectrum.ravel()[layer.waves])
    return max(float(np.sqrt((magnitudes**2).sum() / 2)), 1e-9)


def _tail(agreement: float) -> float:
    """The chance of more than so many standard deviations."""
    return 0.5 * math.erfc(agreement / math.sqrt(2))


def _joint_tail(surprise: float, count: int) -> float:
    """The chance that `count` independent surprises, of mean 1, add up to more (Fisher's method)."""
    term = total = math.exp(-surprise)
    for index in range(1, count):
        term *= surprise / index
        total += term
    return total
