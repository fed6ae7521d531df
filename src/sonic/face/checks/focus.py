"""How sharp the face is, told by how steeply brightness changes at eyes and lips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from sonic.face.topology import LEFT_EYE, OUTER_LIPS, RIGHT_EYE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sonic.face.checks.view import FaceView

PARTS = ((RIGHT_EYE, 1.5), (LEFT_EYE, 1.5), (OUTER_LIPS, 1.15))  # where every face has edges; how far around
STEEPEST = 3.0  # pixels over which the contrast of a sharp face's edges changes in the view
FLAT = 6.0  # lightness; parts with less contrast than this (covered ones) say nothing about focus


def sharpness(view: FaceView) -> float:
    """1 for a sharp picture; 0.5 when the steepest edges are twice as wide; 0 without any edge.

    The width of an edge is its contrast over its slope; the sharpest of eyes and mouth counts.
    """
    slope = slopes(view.lightness)
    widths = [width for outline, grow in PARTS if (width := _edge_width(view, slope, outline, grow))]
    return min(1.0, STEEPEST / min(widths)) if widths else 0.0


def slopes(lightness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Change of lightness per pixel, [H, W]."""
    across = cv2.Sobel(lightness, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    down = cv2.Sobel(lightness, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    return np.hypot(across, down)


def _edge_width(
    view: FaceView, slope: NDArray[np.float32], outline: tuple[int, ...], grow: float
) -> float | None:
    area = view.area(outline, grow=grow)
    if not area.any():
        return None
    low, high = np.percentile(view.lightness[area], (2, 98))
    if high - low < FLAT:
        return None
    return float((high - low) / max(np.percentile(slope[area], 99), 1e-3))
