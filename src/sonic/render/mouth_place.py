"""Where a mouth is in a picture: the skull's axes at the closed lips, and how far the jaw has dropped."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sonic.render.pixels import Array, Window

MILLIMETRES_PER_EYE_DISTANCE = 63.0
MILLIMETRE = 1 / MILLIMETRES_PER_EYE_DISTANCE  # in eye distances
UPPER_LIP_MIDDLE, LOWER_LIP_MIDDLE = 13, 14
BEHIND_LIPS = 0.08  # eye distances from the lips back to the teeth
# Read off the mean brightness inside the mouths of 45 clips, row by row against the drop of the jaw.
UPPER_EDGE = 0.5  # millimetres from the closed lip line down to the upper teeth's edge
LOWER_EDGE = -3.2  # the same for the lower teeth of a closed mouth: they stand behind the upper ones


@dataclass(frozen=True)
class MouthPlace:
    """A mouth in a picture.

    Attributes:
        origin: pixel of the closed lips' middle, which is fixed to the skull, [2].
        axes: pixels that one eye distance along the head's x, y and z covers, [2, 3].
        jaw: how far the lower lip's middle is from where it closes, head frame, eye distances, [3].
    """

    origin: Array
    axes: Array
    jaw: Array

    def within(self, window: Window) -> MouthPlace:
        """The same mouth in the pixels of a window of the picture."""
        return replace(self, origin=self.origin - np.array([window.x, window.y], np.float32))

    def teeth(self, *, upper: bool) -> Array:
        """Pixels of a row's biting edge, and of points 10 mm to the right of it and above it, `[3, 2]`."""
        ten, drop = 10 * MILLIMETRE, (UPPER_EDGE if upper else LOWER_EDGE) * MILLIMETRE
        middle = np.array([0, drop, BEHIND_LIPS], np.float32)
        if not upper:
            middle = middle + self.jaw
        points = middle + np.array([[0, 0, 0], [ten, 0, 0], [0, -ten, 0]], np.float32)
        return np.asarray(points @ self.axes.T + self.origin, np.float32)
