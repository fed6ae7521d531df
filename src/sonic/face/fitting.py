"""A whole face mesh from a few points placed by hand: an average head, posed and then bent to fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.face.topology import (
    LEFT_EYE_CORNERS,
    LEFT_EYE_LOWER,
    LEFT_EYE_UPPER,
    RIGHT_EYE_CORNERS,
    RIGHT_EYE_LOWER,
    RIGHT_EYE_UPPER,
    canonical_vertices,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sonic.face.points import FacePoints

    Array = NDArray[np.float64]

IRIS_RADIUS = 0.2  # eye widths; 12 mm of 30
FRONTAL = 0.15  # pull of the pose towards the front: a drawing's proportions are no proof of a turned head
BENDING = 1e-4  # how much the mesh resists passing exactly through the points, shares of its size
ARCH = 0.7  # shape of a lid: 1 is pointed like an almond, 0.5 round
RIM = ((1, 0), (0, -1), (-1, 0), (0, 1))  # the four points around an iris, in the order of the landmarks


def fit_landmarks(points: FacePoints) -> NDArray[np.float32]:
    """Landmarks float32 [478, 3] of the face whose named points are given.

    The canonical head is posed under a weak-perspective camera that fits the points, then bent in the picture
    plane by a thin-plate spline (Bookstein 1989), which passes through the points and is smooth elsewhere.
    """
    head = _with_irises(canonical_vertices().astype(np.float64))
    posed = _pose(head, head[points.rows], points.array())
    rows, places = _with_lids(points)
    plane = posed[:, :2] + _bend(posed[rows, :2], places - posed[rows, :2], posed[:, :2])
    landmarks = np.concatenate([plane, posed[:, 2:]], axis=1)
    return _round_irises(landmarks).astype(np.float32)


def average_landmarks(middle: Array, width: float) -> NDArray[np.float32]:
    """An average face from the front, float32 [478, 3], `width` pixels wide about the point `middle` [2]."""
    head = _with_irises(canonical_vertices().astype(np.float64))
    scale = width / float(np.ptp(head[:, 0]))
    landmarks = (head - (head.max(axis=0) + head.min(axis=0)) / 2) * scale
    landmarks[:, :2] += middle
    return _round_irises(landmarks).astype(np.float32)


def _with_irises(head: Array) -> Array:
    """The head's 468 vertices and ten for the irises, between the lids."""
    centres = [
        head[[upper[4], lower[4]]].mean(axis=0)
        for upper, lower in ((RIGHT_EYE_UPPER, RIGHT_EYE_LOWER), (LEFT_EYE_UPPER, LEFT_EYE_LOWER))
    ]
    return np.concatenate([head, np.repeat(centres, 5, axis=0)])


def _with_lids(points: FacePoints) -> tuple[list[int], Array]:
    """The points' landmarks and places, and the lids' edges as arches over the corners of the eyes.

    One point in the middle of a lid would pull a spike out of it.
    """
    anchors = dict(zip(points.rows, points.array(), strict=True))
    for lid in (RIGHT_EYE_UPPER, RIGHT_EYE_LOWER, LEFT_EYE_UPPER, LEFT_EYE_LOWER):
        outer, middle, inner = lid[0], lid[4], lid[-1]
        if middle in anchors:
            across = anchors[inner] - anchors[outer]
            rise = anchors[middle] - (anchors[outer] + anchors[inner]) / 2
            for row, share in zip(lid[1:-1], np.linspace(0, 1, len(lid))[1:-1], strict=True):
                height = np.sin(np.pi * share) ** ARCH
                anchors[row] = anchors[outer] + across * share + rise * height
    return list(anchors), np.stack(list(anchors.values()))


def _round_irises(landmarks: Array) -> Array:
    """Four points on a circle around each of the iris centres, which have been placed."""
    placed = landmarks.copy()
    for first, corners in ((468, RIGHT_EYE_CORNERS), (473, LEFT_EYE_CORNERS)):
        radius = IRIS_RADIUS * float(np.linalg.norm(landmarks[corners[0], :2] - landmarks[corners[1], :2]))
        placed[first + 1 : first + 5, :2] = landmarks[first, :2] + radius * np.array(RIM)
    return placed


def _pose(head: Array, known: Array, places: Array) -> Array:
    """The head [478, 3] turned, scaled and shifted so that its `known` points lie near `places` [n, 2]."""
    middle, target = known.mean(axis=0), places.mean(axis=0)
    offsets, goal = known - middle, places - target
    upright = _similarity(offsets[:, :2], goal)
    scale = float(np.hypot(*upright[0]))
    prior = np.concatenate([upright, np.zeros((2, 1))], axis=1)
    weight = FRONTAL * len(known) * np.eye(3) * (offsets**2).mean()
    affine = np.linalg.solve(offsets.T @ offsets + weight, offsets.T @ goal + weight @ prior.T).T
    left, _, right = np.linalg.svd(affine, full_matrices=False)
    rows = left @ right
    rotation = np.stack([*rows, np.cross(*rows)])
    posed = scale * (head - middle) @ rotation.T
    posed[:, :2] += target
    return np.asarray(posed)


def _similarity(source: Array, target: Array) -> Array:
    """The turn and scale [2, 2] that carries centred points `source` [n, 2] nearest to `target`."""
    x, y = source.T
    power = float((source**2).sum())
    cosine = float((source * target).sum()) / power
    sine = float((x * target[:, 1] - y * target[:, 0]).sum()) / power
    return np.array([[cosine, -sine], [sine, cosine]])


def _bend(anchors: Array, offsets: Array, points: Array) -> Array:
    """Offsets [n, 2] known at `anchors`, carried to `points` [m, 2] by a thin-plate spline."""
    count, size = len(anchors), float(np.ptp(anchors, axis=0).max())
    anchors, points = anchors / size, points / size
    kernel = _plate(anchors, anchors) + BENDING * np.eye(count)
    plane = np.concatenate([np.ones((count, 1)), anchors], axis=1)
    system = np.block([[kernel, plane], [plane.T, np.zeros((3, 3))]])
    weights = np.linalg.solve(system, np.concatenate([offsets, np.zeros((3, 2))]))
    spread = np.concatenate([_plate(points, anchors), np.ones((len(points), 1)), points], axis=1)
    return np.asarray(spread @ weights)


def _plate(points: Array, anchors: Array) -> Array:
    """The thin plate's kernel r^2 log r between points [m, 2] and anchors [n, 2]."""
    squares = ((points[:, None] - anchors[None]) ** 2).sum(axis=-1)
    return np.asarray(0.5 * squares * np.log(np.maximum(squares, 1e-12)))
