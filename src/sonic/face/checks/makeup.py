"""Strong make-up: lips or lids of a colour that skin does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.face.checks.mouth import zones
from sonic.face.checks.skin import CHEEKS, DARKEST, FOREHEAD, typical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sonic.face.checks.view import FaceView

LIDS = (27, 257, 29, 259, 28, 258)
# What each difference would have to be to count one: lips beside the skin around them, lids beside the face.
LIP_COLOUR, LIP_DARKNESS = 25.0, 0.5
LID_COLOUR, LID_DARKNESS = 50.0, 1.0
STRONG = 2.14


def look(view: FaceView) -> Iterator[tuple[str, float]]:
    """The code and value of strong make-up, if there is any."""
    if (strength := make_up(view)) > STRONG:
        yield "heavy_makeup", strength


def make_up(view: FaceView) -> float:
    """How far lips and lids differ from the skin beside them in colour and darkness; about 1 without any."""
    lips, around = (np.median(view.lab[zone], axis=0) for zone in zones(view))
    lids, face = np.median(view.patches(LIDS), axis=0), typical(view.patches((*FOREHEAD, *CHEEKS)))
    colour, darkness = _difference(lips, around)
    lid_colour, lid_darkness = _difference(lids, face)
    lid = lid_colour / LID_COLOUR + lid_darkness / LID_DARKNESS
    return colour / LIP_COLOUR + darkness / LIP_DARKNESS + lid


def _difference(part: NDArray[np.float32], skin: NDArray[np.float32]) -> tuple[float, float]:
    """Of two colours [3]: the distance without lightness, and how much darker the first is, 0..1."""
    darker = 1 - float(part[0]) / max(float(skin[0]), 2 * DARKEST)
    return float(np.linalg.norm((part - skin)[1:])), max(0.0, darker)
