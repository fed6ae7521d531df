"""The linear floor: how often a ridge regression from speech to lips finds the right shift."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.face.topology import CHIN, INNER_LIPS_LOWER, INNER_LIPS_UPPER, MOUTH_CORNERS
from sonic.motion.sync import LIP_POINTS, WINDOW

if TYPE_CHECKING:
    from sonic.motion.head import Array
    from sonic.motion.probe import LipProbe
    from sonic.train.sync.views import SyncClip

_UPPER, _LOWER = (
    [LIP_POINTS.index(point) for point in row[4:7]] for row in (INNER_LIPS_UPPER, INNER_LIPS_LOWER)
)
_CORNERS = [LIP_POINTS.index(point) for point in MOUTH_CORNERS]
_CHIN = LIP_POINTS.index(CHIN)


def readings(lips: Array) -> Array:
    """Lip opening, mouth width and chin height of lip points [T, 50, 3], eye distances, [T, 3]."""
    opening = (lips[:, _LOWER, 1] - lips[:, _UPPER, 1]).mean(1)
    width = np.linalg.norm(lips[:, _CORNERS[1]] - lips[:, _CORNERS[0]], axis=1)
    read: Array = np.stack([opening, width, lips[:, _CHIN, 1]], axis=1)
    return read


def ridge_scores(probe: LipProbe, seen: SyncClip, heard: SyncClip, limit: int = 500) -> dict[str, Array]:
    """Minus the mean squared error of the probe's lips in each pair of five-frame windows, [V, S].

    Both clips must hold speech features; both series are taken about their means.
    """
    lips = readings(seen.stretch("clean", 0, limit).lips)
    guess = probe.predict(heard.stretch("clean", 0, limit).rows)
    moved, guessed = lips - lips.mean(0), guess - guess.mean(0)
    error = ((moved[:, None] - guessed[None]) ** 2).sum(-1)
    rows, columns = (np.arange(max(0, size - WINDOW + 1)) for size in error.shape)
    return {"ridge": -sum(error[np.ix_(rows + k, columns + k)] for k in range(WINDOW)) / WINDOW}
