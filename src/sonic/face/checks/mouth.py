"""The mouth: whether it can be seen, and whether it is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonic.face.checks.focus import sharpness
from sonic.face.checks.light import brightness
from sonic.face.checks.skin import ABOVE_MASK, BELOW_NOSE, DARKEST, typical
from sonic.face.checks.view import UNIT
from sonic.face.topology import INNER_LIPS, INNER_LIPS_LOWER, INNER_LIPS_UPPER, OUTER_LIPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sonic.face.checks.view import FaceView

LIP_COLOUR, LIP_LINE = 8.0, 0.25  # a difference in colour (CIE 1976) and a dark line that prove lips
USUAL_BRIGHTNESS = 75.0  # L*; darker pictures have smaller differences
UNSEEN, UNLIKELY, DOUBTFUL = 0.6, 0.9, 1.25  # proof of lips that is none, alone or with other signs of cover
UNSTEADY = 0.0042  # wobble of the landmarks, which guess where a mouth is hidden
FOCUSED = 0.5  # sharpness below which lips vanish without being covered
OTHER_COLOUR, BRIGHTER, DARKER = 11.0, 0.2, 0.5  # what is cloth below the nose, beside the skin above it
BALL = 0.4  # brightness of lower lip and chin beside the cheeks, below which something stands before them
BALL_EVEN = 9.0  # their difference in colour; a beard leaves the lip its own
LOWER_LIP, CHIN, BESIDE = (17, 84, 314, 16), (18, 200, 83, 313), (205, 425, 50, 280)
LINE_REACH = 0.2  # eye distances above and below the line between the lips
OPEN = 0.06  # eye distances between the lips
TOOTH_LIGHT, TOOTH_COLOUR = 0.75, 0.9  # brightness and colour of teeth beside the skin's


@dataclass(frozen=True)
class Lips:
    """How well lips stand out, and how far the face below the nose differs from the skin above it.

    `proof` is above 1.5 where lips show and below 1 where they do not; `other_colour` is a distance in CIE
    a*b*, `brighter` a share of the skin's lightness.
    """

    proof: float
    other_colour: float
    brighter: float

    @property
    def under_cloth(self) -> bool:
        """Whether what is below the nose cannot be the skin that is above it."""
        return self.other_colour > OTHER_COLOUR or not -DARKER < self.brighter < BRIGHTER


def look(view: FaceView) -> Iterator[tuple[str, float]]:
    """Codes and values of what is noticed about the mouth."""
    lips = read_lips(view)
    if _hidden(view, lips):
        yield ("mouth_covered" if lips.under_cloth else "mouth_hidden"), lips.proof
        return
    if (ball := _ball(view)) < BALL:
        yield "mouth_hidden", ball
        return
    yield from _opening(view)


def read_lips(view: FaceView) -> Lips:
    """What the pixels say about lips, whatever the landmarks claim."""
    lips, around = zones(view)
    lip, skin = np.median(view.lab[lips], axis=0), np.median(view.lab[around], axis=0)
    strength = min(1.0, brightness(view) / USUAL_BRIGHTNESS)
    colour = float(np.linalg.norm(lip - skin)) / strength
    proof = colour / LIP_COLOUR + max(0.0, _line(view)) / max(float(skin[0]), DARKEST) / LIP_LINE
    above, below = typical(view.patches(ABOVE_MASK)), view.patches(BELOW_NOSE)
    other = float(np.median(np.linalg.norm((below - above)[:, 1:], axis=1))) / strength
    lighter = float(np.median(below[:, 0]) - above[0]) / max(float(above[0]), DARKEST)
    return Lips(proof, other, lighter)


def _hidden(view: FaceView, lips: Lips) -> bool:
    if lips.proof > DOUBTFUL or sharpness(view) < FOCUSED:
        return False
    limit = UNLIKELY if lips.under_cloth else UNSEEN
    return lips.proof < limit or view.wobble > UNSTEADY


def zones(view: FaceView) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The red of the lips, and a ring of skin around them."""
    lips = view.area(OUTER_LIPS) & ~view.area(INNER_LIPS)
    around = view.area(OUTER_LIPS, grow=1.6) & ~view.area(OUTER_LIPS, grow=1.2)
    return lips, around


def _line(view: FaceView) -> float:
    """How much darker than its surroundings the place between the lips is, L*, in most columns."""
    reach = round(LINE_REACH * UNIT)
    middles = (view.points[list(INNER_LIPS_UPPER), :2] + view.points[list(INNER_LIPS_LOWER), :2]) / 2
    depths = []
    for x, y in np.rint(middles[2:-2]).astype(int):
        column = view.lightness[max(0, y - reach) : y + reach, np.clip(x, 0, len(view.lightness) - 1)]
        inner = column[len(column) // 3 : 2 * len(column) // 3 + 1]
        depths.append(float(np.median(column) - inner.min()) if len(inner) else 0.0)
    return float(np.percentile(depths, 30))


def _ball(view: FaceView) -> float:
    """Brightness of a thing before lower lip and chin beside the cheeks'; 1 where there is none."""
    lip, chin = (np.median(view.patches(rows), axis=0) for rows in (LOWER_LIP, CHIN))
    cheek = float(typical(view.patches(BESIDE))[0])
    if np.linalg.norm(lip - chin) > BALL_EVEN:
        return 1.0
    return float(max(lip[0], chin[0]) / max(cheek, DARKEST))


def _opening(view: FaceView) -> Iterator[tuple[str, float]]:
    gap = float(np.linalg.norm(view.points[13, :2] - view.points[14, :2])) / UNIT
    if gap < OPEN:
        return
    yield "open_mouth", gap
    if (teeth := _teeth(view)) > 0:
        yield "teeth", teeth


def _teeth(view: FaceView) -> float:
    """The share of the opening that is bright and nearly grey."""
    inner, (_, around) = view.area(INNER_LIPS), zones(view)
    skin = np.median(view.lab[around], axis=0)
    pixels = view.lab[inner]
    grey = np.hypot(pixels[:, 1], pixels[:, 2]) < TOOTH_COLOUR * float(np.hypot(*skin[1:])) + 2
    share = float((grey & (pixels[:, 0] > TOOTH_LIGHT * skin[0])).mean()) if len(pixels) else 0.0
    return share if share > 0.08 else 0.0
