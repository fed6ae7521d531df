"""How near painted mouths are to real ones: error, structure, sharpness and flicker inside the lips."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sonic.render.pixels import LUMA, Array, blur

_SSIM_SPREAD = 1.5  # pixels; the window of Wang et al. 2004
_SSIM_FLOORS = ((0.01 * 255) ** 2, (0.03 * 255) ** 2)
_DEEP_INSIDE = 0.95  # coverage of the opening from which the lips' edges are no part of it


@dataclass(frozen=True)
class Likeness:
    """Sums over frames, so that any number of clips can be added up.

    Attributes:
        weight: pixels looked at.
        squares: squared differences of RGB, 0..255.
        structure: structural similarity times pixels.
        detail, real_detail: Laplacian squared, painted and real.
        change, real_change: difference to the frame before, painted and real.
    """

    weight: float = 0.0
    squares: float = 0.0
    structure: float = 0.0
    detail: float = 0.0
    real_detail: float = 0.0
    change: float = 0.0
    real_change: float = 0.0

    def __add__(self, other: Likeness) -> Likeness:
        """Both together."""
        return Likeness(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    def figures(self) -> dict[str, float]:
        """Peak signal to noise in dB, similarity up to 1; sharpness and flicker as shares of real ones."""
        error = self.squares / max(self.weight, 1e-9)
        return {
            "psnr": 10 * float(np.log10(255**2 / max(error, 1e-9))),
            "ssim": self.structure / max(self.weight, 1e-9),
            "sharpness": self.detail / max(self.real_detail, 1e-9),
            "flicker": self.change / max(self.real_change, 1e-9),
        }


def compare_frames(painted: Array, real: Array, hole: Array) -> Likeness:
    """Compare consecutive frames [T, H, W, 3], RGB in 0..255, inside the opening [T, H, W]."""
    total = Likeness()
    for index in range(len(real)):
        before = index - 1 if index else None
        total += _compare_one(painted, real, hole, index, before)
    return total


def _compare_one(painted: Array, real: Array, hole: Array, index: int, before: int | None) -> Likeness:
    inside = hole[index]
    squares = float((((painted[index] - real[index]) ** 2).mean(-1) * inside).sum())
    luma, real_luma = _luma(painted[index]), _luma(real[index])
    deep = inside > _DEEP_INSIDE
    change = real_change = 0.0
    if before is not None:
        both = deep & (hole[before] > _DEEP_INSIDE)
        change = float(np.abs(painted[index] - painted[before])[both].sum())
        real_change = float(np.abs(real[index] - real[before])[both].sum())
    return Likeness(
        weight=float(inside.sum()),
        squares=squares,
        structure=float((similarity(luma, real_luma) * inside).sum()),
        detail=_detail(luma, deep),
        real_detail=_detail(real_luma, deep),
        change=change,
        real_change=real_change,
    )


def _luma(frame: Array) -> Array:
    return np.asarray(frame @ LUMA, np.float32)


def _detail(luma: Array, inside: Array) -> float:
    return float((cv2.Laplacian(luma, cv2.CV_32F)[inside] ** 2).sum())


def similarity(one: Array, other: Array) -> Array:
    """Structural similarity of every pixel (Wang et al. 2004)."""
    mean, other_mean = blur(one, _SSIM_SPREAD), blur(other, _SSIM_SPREAD)
    variance = blur(one * one, _SSIM_SPREAD) - mean**2
    other_variance = blur(other * other, _SSIM_SPREAD) - other_mean**2
    together = blur(one * other, _SSIM_SPREAD) - mean * other_mean
    low, high = _SSIM_FLOORS
    similar = ((2 * mean * other_mean + low) * (2 * together + high)) / (
        (mean**2 + other_mean**2 + low) * (variance + other_variance + high)
    )
    return np.asarray(similar, np.float32)
