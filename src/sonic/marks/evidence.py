"""Gathers what speaks for a watermark: fine brightness, averaged over frames and weighted by noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from sonic.marks.pattern import SIDE, TILES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sonic.marks.pattern import Floats, Spectrum
    from sonic.media.film import Frame

_SHORT_SIDE = 256  # pixels at which frames are looked at: the mark has no waves finer than 5 of them
_SHADING = 3.0  # pixels; what is smoother is the picture's
_SURROUNDINGS = 3.5  # pixels, over which noise is measured
_LEAST_NOISE = 0.4  # levels, left by compression on the smoothest places
_DISTRUST = 1.75  # how far the weight falls with noise; 2 would be right if noise were Gaussian
_FLATTENING = 0.75  # of the differences between waves: strong ones are the picture's


def gather(frames: Iterable[Frame]) -> Floats | None:
    """The evidence of frames of one size, `[H, W]` at a short side of 256 pixels; None if there are none."""
    details = [_details(frame) for frame in frames]
    if not details:
        return None
    mean = np.asarray(np.mean(details, axis=0), np.float32)
    noise = np.sqrt(cv2.GaussianBlur(mean * mean, (0, 0), _SURROUNDINGS) + _LEAST_NOISE**2)
    return np.asarray(mean / noise**_DISTRUST, np.float32)


def _details(frame: Frame) -> Floats:
    height, width = frame.shape[:2]
    scale = _SHORT_SIDE / min(height, width)
    size = (round(width * scale), round(height * scale))
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(grey, size, interpolation=how)
    return np.asarray(small - cv2.GaussianBlur(small, (0, 0), _SHADING), np.float32)


def folded(evidence: Floats, visible: float) -> Spectrum:
    """The spectrum of all tiles laid on each other, if `visible` is what is left of the short side."""
    height, width = evidence.shape
    scale = TILES * SIDE * visible / _SHORT_SIDE
    size = (round(width * scale), round(height * scale))
    smooth = cv2.GaussianBlur(evidence, (0, 0), 0.35 / scale)  # or finer noise would fold into the band
    offset = 0.5 * scale - 0.5
    matrix = np.array([[scale, 0, offset], [0, scale, offset]])
    small = cv2.warpAffine(smooth, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    rows, columns = -(-size[1] // SIDE), -(-size[0] // SIDE)
    whole = np.zeros((rows * SIDE, columns * SIDE), np.float32)
    whole[: size[1], : size[0]] = small
    spectrum = np.fft.fft2(whole.reshape(rows, SIDE, columns, SIDE).sum(axis=(0, 2)))
    flat: Spectrum = spectrum / np.maximum(np.abs(spectrum), 1e-9) ** _FLATTENING
    return flat
