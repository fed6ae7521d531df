"""Whether the picture is drawn, painted or rendered rather than photographed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.face.checks.focus import slopes
from sonic.face.checks.light import WHITE
from sonic.face.checks.view import UNIT
from sonic.face.topology import FACE_OVAL, LEFT_EYE_CORNERS, MOUTH_CORNERS, RIGHT_EYE_CORNERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sonic.face.checks.view import FaceView

LIDS = ((159, 145), (386, 374))
BIG_EYES = 1.12  # width and height of the eyes beside the width of the mouth
FLAT_SLOPE = 0.12  # L* per pixel; even smooth skin has more in most places
FLAT = 0.2  # share of the face


def look(view: FaceView) -> Iterator[tuple[str, float]]:
    """The code and value of a drawing's signs, if there are any."""
    drawn = max(big_eyes(view) / BIG_EYES, flatness(view) / FLAT)
    if drawn > 1:
        yield "drawn", drawn


def big_eyes(view: FaceView) -> float:
    """Size of the eyes beside the mouth: cartoons have large eyes and small mouths."""
    points = view.points
    width = np.mean([np.linalg.norm(points[a] - points[b]) for a, b in (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS)])
    height = np.mean([np.linalg.norm(points[a, :2] - points[b, :2]) for a, b in LIDS])
    mouth = np.linalg.norm(points[MOUTH_CORNERS[0]] - points[MOUTH_CORNERS[1]])
    return float((width / UNIT + height / UNIT) / max(float(mouth) / UNIT, 0.1))


def flatness(view: FaceView) -> float:
    """The share of the face, 0..1, in which the colour does not change at all, burnt-out skin aside."""
    face = view.area(FACE_OVAL)
    flat = (slopes(view.lightness) < FLAT_SLOPE) & (view.pixels.min(axis=-1) < WHITE)
    return float(flat[face].mean())
