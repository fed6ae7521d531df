"""How the face is lit: bright enough, not burnt out, alike on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.face.checks.skin import HALVES, luminance
from sonic.face.topology import FACE_OVAL

if TYPE_CHECKING:
    from sonic.face.checks.view import FaceView

BRIGHT_PART = 97  # percentile: highlights and the white of the eyes, which every skin has
WHITE = 248  # of 255; all three colours above this hold no detail
BLACK = 0.004  # of the light; noise of the darkest parts


def brightness(view: FaceView) -> float:
    """Lightness L* of the brightest parts of the face, 0..100: the same for light and dark skin."""
    return float(np.percentile(view.lightness[view.area(FACE_OVAL)], BRIGHT_PART))


def clipped(view: FaceView) -> float:
    """The share of the face that is pure white, 0..1."""
    face = view.pixels[view.area(FACE_OVAL)]
    return float((face.min(axis=-1) >= WHITE).mean())


def side_light(view: FaceView) -> float:
    """How much more light one half of the face gets than the other, photographic stops; 0 is even."""
    right, left = (luminance(view.patches(half)[:, 0]) + BLACK for half in HALVES)
    return abs(float(np.median(np.log2(right / left))))
