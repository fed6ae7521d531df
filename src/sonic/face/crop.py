"""Chooses the square around the head that will be animated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonic.face.topology import CHIN, MESH_COUNT

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The head around the landmarks, which end at mid-forehead, cheeks and chin; in face heights.
SCALP = 0.35
HIGHEST_HAIR = 0.75
NECK = 0.25
EARS = 0.18
PERSON = 0.5  # the mask's middle


@dataclass(frozen=True)
class Square:
    """Top-left corner and side, picture pixels."""

    x: float
    y: float
    size: float


def head_square(landmarks: NDArray[np.float32], person: NDArray[np.float32], expand_ratio: float) -> Square:
    """The square that holds the whole head with its hair, and `expand_ratio` of its size on every side.

    Args:
        landmarks: float32 [478, 3] in picture pixels.
        person: float32 [H, W] in 0..1, the mask of the person in the picture.
        expand_ratio: 0..1; 0 is the bare head from hair to neck.

    Returns:
        A square inside the picture, around the head or moved as little as the border asks for; never larger
        than the picture's short side.
    """
    low, high = head_box(landmarks, person)
    size = float((high - low).max()) * (1 + 2 * expand_ratio)
    height, width = person.shape
    size = min(size, float(min(height, width)))
    x, y = (low + high - size) / 2
    return Square(_slide_inside(float(x), size, width), _slide_inside(float(y), size, height), size)


def head_box(
    landmarks: NDArray[np.float32], person: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Top-left and bottom-right corner [2] of the head with hair, ears and upper neck."""
    low, high = landmarks[:MESH_COUNT, :2].min(axis=0), landmarks[:MESH_COUNT, :2].max(axis=0)
    face_height = float(high[1] - low[1])
    top = _hair_top(person, low, high)
    margin = EARS * face_height
    bottom = max(float(high[1]), float(landmarks[CHIN, 1])) + NECK * face_height
    return np.array([low[0] - margin, top], np.float32), np.array([high[0] + margin, bottom], np.float32)


def _hair_top(person: NDArray[np.float32], low: NDArray[np.float32], high: NDArray[np.float32]) -> float:
    """How far up the person mask reaches above the face, between a bald head's and a tall hat's height."""
    face_height = float(high[1] - low[1])
    bald, tall = low[1] - SCALP * face_height, low[1] - HIGHEST_HAIR * face_height
    height, width = person.shape
    first, last = (int(np.clip(x, 0, width)) for x in (low[0], high[0]))
    start, stop = (int(np.clip(y, 0, height)) for y in (tall, bald))
    if first >= last or start >= stop:
        return float(bald)
    rows = np.flatnonzero((person[start:stop, first:last] > PERSON).mean(axis=1) > 0.2)
    return float(start + rows[0]) if len(rows) else float(bald)


def _slide_inside(start: float, size: float, extent: int) -> float:
    return float(np.clip(start, 0, extent - size))
