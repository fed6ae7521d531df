"""The face drawn upright at one fixed size, so that every check measures the same thing on every picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from sonic.face.sampling import Region, cut_region
from sonic.face.topology import eye_centres, eye_distance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

UNIT = 80  # pixels between the eyes in the view
SIDE = 320  # pixels of the view
EYE_ROW = 0.36  # share of the view's height at which the eyes lie; hair above, chin and neck below
PATCH = 7  # pixels across that one sample of skin averages


@dataclass(frozen=True)
class FaceView:
    """One face, upright, 80 pixels between the eyes.

    Attributes:
        pixels: uint8 RGB [320, 320, 3].
        points: float32 [478, 3], the landmarks in the view's pixels.
        unit: eye distance in the picture itself, pixels.
        wobble: how unsure the landmarks are, in face sizes (see `sonic.face.landmarks.Face`).
    """

    pixels: NDArray[np.uint8]
    points: NDArray[np.float32]
    unit: float
    wobble: float = 0.0

    @cached_property
    def lab(self) -> NDArray[np.float32]:
        """CIE L*a*b*, float32 [320, 320, 3]: lightness 0..100, then green to red and blue to yellow."""
        return np.asarray(
            cv2.cvtColor(self.pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), dtype=np.float32
        )

    @cached_property
    def lightness(self) -> NDArray[np.float32]:
        """L*, float32 [320, 320] in 0..100."""
        return np.ascontiguousarray(self.lab[..., 0])

    @cached_property
    def softened(self) -> NDArray[np.float32]:
        """The colours averaged over the size of a patch, float32 [320, 320, 3]."""
        return np.asarray(cv2.blur(self.lab, (PATCH, PATCH)), dtype=np.float32)

    def patches(self, indices: Sequence[int]) -> NDArray[np.float32]:
        """Colour of the skin around some landmarks, L*a*b*, float32 [n, 3]."""
        columns, rows = np.clip(np.rint(self.points[list(indices), :2]), 0, SIDE - 1).astype(int).T
        return np.asarray(self.softened[rows, columns])

    def area(self, outline: Sequence[int], *, grow: float = 1.0) -> NDArray[np.bool_]:
        """The pixels inside a loop of landmarks, bool [320, 320]; `grow` scales it about its middle."""
        points = self.points[list(outline), :2]
        middle = points.mean(axis=0)
        return self.polygon(middle + (points - middle) * np.float32(grow))

    def polygon(self, points: NDArray[np.float32]) -> NDArray[np.bool_]:
        """The pixels inside a polygon [n, 2] of the view, bool [320, 320]."""
        mask = np.zeros((SIDE, SIDE), np.uint8)
        cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 1)
        return mask.astype(bool)


def view_face(image: NDArray[np.uint8], landmarks: NDArray[np.float32], *, wobble: float = 0.0) -> FaceView:
    """The view of the face with landmarks [478, 3] in a uint8 RGB picture [H, W, 3]."""
    right, left = (centre[:2].astype(np.float64) for centre in eye_centres(landmarks))
    unit = float(eye_distance(landmarks))
    angle = float(np.arctan2(left[1] - right[1], left[0] - right[0]))
    size = unit * SIDE / UNIT
    down = np.array([-np.sin(angle), np.cos(angle)])
    x, y = (right + left) / 2 + down * (0.5 - EYE_ROW) * size
    region = Region(float(x), float(y), size, angle)
    matrix, scale = region.matrix(SIDE), SIDE / size
    placed = landmarks[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    points = np.concatenate([placed, landmarks[:, 2:] * scale], axis=1).astype(np.float32)
    return FaceView(cut_region(image, region, SIDE), points, unit, wobble)
