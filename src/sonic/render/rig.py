"""The portrait's face as a mesh that can be posed: where every vertex of the picture goes in a frame."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from sonic.face.topology import (
    FACE_OVAL,
    INNER_LIPS_LOWER,
    INNER_LIPS_UPPER,
    eye_distance,
    face_triangles,
)
from sonic.motion.head import fit_head

if TYPE_CHECKING:
    import numpy.typing as npt

    from sonic.motion.space import FaceMotion
    from sonic.render.pixels import Array

# Rows of vertices over each eye, outer corner first: lid margin, crease, brow side; then the lower margin.
# Vertices of a column lie on one line across the lid.
UPPER_MARGIN = np.array([[246, 161, 160, 159, 158, 157, 173], [466, 388, 387, 386, 385, 384, 398]], np.int32)
UPPER_CREASE = np.array([[247, 30, 29, 27, 28, 56, 190], [467, 260, 259, 257, 258, 286, 414]], np.int32)
UPPER_BROW = np.array([[113, 225, 224, 223, 222, 221, 189], [342, 445, 444, 443, 442, 441, 413]], np.int32)
LOWER_MARGIN = np.array([[7, 163, 144, 145, 153, 154, 155], [249, 390, 373, 374, 380, 381, 382]], np.int32)
LOWER_CREASE = np.array([[25, 110, 24, 23, 22, 26, 112], [255, 339, 254, 253, 252, 256, 341]], np.int32)

# How far a shutting lid carries each row along with it, and the share of the way that the lower lid rises.
CREASE_FOLLOWS, BROW_FOLLOWS, LOWER_RISE = 0.42, 0.08, 0.1
CREASE_IN_FRAME, BROW_IN_FRAME = 0.2, 0.0  # the same behind glasses, whose rims lie there and must not bend

# The rings around the face oval: size relative to the oval, share of the oval's expression that reaches them,
# share of the way from the oval's depth to the middle of the skull.
RINGS = ((1.0, 1.0, 0.0), (1.22, 0.5, 0.3), (1.5, 0.12, 0.65), (2.0, 0.0, 1.0))
SKULL_DEPTH = 0.75  # eye distances from the eyes back to the plane of the head's outline

# Beyond these a single picture has nothing to show: motion is bent softly towards them.
TURN_LIMIT: Array = np.array([0.24, 0.24, 0.20], np.float32)  # radians about x, y, z
SHIFT_LIMIT: Array = np.array([0.35, 0.35], np.float32)  # eye distances
GAZE_LIMIT = 0.16  # eye widths
# Trackers put the lower lid's edge a little too high, on the eyeball; in shares of the eye's opening.
LOWER_LID_BIAS = 0.10
# The same for the edges of parted lips, which land on the teeth; in eye distances, at most.
PARTED_LIP_BIAS = 0.022
FACE_VERTICES = 468


class Head(Protocol):
    """What a rig must know about heads: a motion space knows the average one, a video one person's."""

    @property
    def template(self) -> Array:
        """A face in the head frame, which gives that its orientation, `[478, 3]`."""

    def neutral(self, landmarks: Array) -> Array:
        """The face with landmarks `[478, 3]` at rest with closed lips, head frame `[478, 3]`."""


@dataclass(frozen=True)
class PosedFace:
    """One frame of the rig, in pixels of the animated crop.

    `vertices` `[V, 2]` are the target positions of the mesh; `expression` `[V, 3]` is the camera-frame offset
    from the picture that the expression adds before the head turns by `rotation` `[3, 3]` about the head's
    origin and shifts by `shift` `[2]`; `from_neutral` `[468, 3]` is that offset from the closed neutral.
    `gaze` `[2]` is how far the irises look right and down, in eye widths.
    """

    vertices: Array
    expression: Array
    from_neutral: Array
    rotation: Array
    shift: Array
    gaze: Array


class FaceRig:
    """Mesh of one portrait: vertices, triangles with outer rings for hair, ears and neck, and pose.

    Skin around eyes that are `framed` by glasses stays where it is when the lids shut.
    """

    def __init__(self, landmarks: Array, head: Head, *, framed: bool = False) -> None:
        self.follow = (CREASE_IN_FRAME, BROW_IN_FRAME) if framed else (CREASE_FOLLOWS, BROW_FOLLOWS)
        landmarks = _off_the_teeth(_off_the_eyeball(landmarks))
        pose, points = fit_head(landmarks[None], head.template)
        self.unit = float(pose.scale[0])
        self.rotation = pose.rotation[0].astype(np.float32)
        self.origin = pose.translation[0].astype(np.float32)
        self.to_camera = (self.unit * self.rotation).astype(np.float32)
        self.shape = points[0]
        self.neutral = head.neutral(landmarks)
        self.rest_offset = (self.neutral - self.shape)[:FACE_VERTICES].astype(np.float32)
        self.landmarks = landmarks.astype(np.float32)
        self.camera = self._camera_points()
        self.vertices = np.ascontiguousarray(self.camera[:, :2] + self.origin[:2])
        self.triangles = np.concatenate([face_triangles(), _ring_triangles()]).astype(np.int32)

    @property
    def skull_depth(self) -> float:
        """Camera depth, in pixels from the head's origin, of everything outside the mesh."""
        return SKULL_DEPTH * self.unit

    def _camera_points(self) -> Array:
        """Vertices in camera axes about the head's origin, the rings included, `[V, 3]` pixels."""
        face = self.landmarks[:FACE_VERTICES] - self.origin
        oval = face[list(FACE_OVAL)]
        centre = oval.mean(0)
        rings = [face]
        for size, _, depth in RINGS[1:]:
            ring = centre + (oval - centre) * size
            ring[:, 2] = oval[:, 2] + (self.skull_depth - oval[:, 2]) * depth
            rings.append(ring)
        return np.concatenate(rings).astype(np.float32)

    def _spread(self, face: Array) -> Array:
        """Carry the offsets of the face `[468, 3]` out to the rings `[V, 3]`, fading with distance."""
        oval = face[list(FACE_OVAL)]
        return np.concatenate([face, *(oval * np.float32(share) for _, share, _ in RINGS[1:])])

    def _lid_offset(self, face: Array, closures: Array) -> Array:
        """Head-frame offsets `[468, 3]` that shut the lids by `closures` (right, left) on top of `face`."""
        shape = self.shape[:FACE_VERTICES] + face
        offset = np.zeros_like(face)
        crease, brow = self.follow
        for eye, closure in enumerate(closures):
            gap = shape[LOWER_MARGIN[eye]] - shape[UPPER_MARGIN[eye]]
            fall = gap * np.float32(closure * (1 - LOWER_RISE))
            rise = gap * np.float32(-closure * LOWER_RISE)
            for row, share in (
                (UPPER_MARGIN, 1.0),
                (UPPER_CREASE, crease),
                (UPPER_BROW, brow),
            ):
                offset[row[eye]] += (fall if share == 1 else _smooth(fall)) * np.float32(share)
            for row, share in ((LOWER_MARGIN, 1.0), (LOWER_CREASE, 0.5)):
                offset[row[eye]] += rise * np.float32(share)
        return offset

    def pose(self, motion: FaceMotion, index: int) -> PosedFace:
        """Pose frame `index` of the motion."""
        moved = motion.displacement[index, :FACE_VERTICES]
        face = self.rest_offset + moved
        face = face + self._lid_offset(face, np.clip(motion.lids[index], -0.3, 1.0))
        expression = (self._spread(face) @ self.to_camera.T).astype(np.float32)
        turn = cv2.Rodrigues(_bend(motion.rotation[index], TURN_LIMIT).astype(np.float64))[0].astype(
            np.float32
        )
        rotation = self.rotation @ turn @ self.rotation.T
        shift = _bend(motion.translation[index], SHIFT_LIMIT) * np.float32(self.unit)
        vertices = (self.camera + expression) @ rotation.T[:, :2] + self.origin[:2] + shift
        from_neutral = (moved @ self.to_camera.T).astype(np.float32)
        return PosedFace(
            vertices=vertices.astype(np.float32),
            expression=expression,
            from_neutral=from_neutral,
            rotation=rotation,
            shift=shift,
            gaze=np.clip(motion.gaze[index], -GAZE_LIMIT, GAZE_LIMIT),
        )

    def place(self, posed: PosedFace, points: Array, carried_by: Array | None = None) -> Array:
        """Target pixels `[n, 2]` of head-frame points `[n, 3]`, with an optional camera offset `[3]`."""
        camera = points @ self.to_camera.T
        if carried_by is not None:
            camera = camera + carried_by
        placed: Array = camera @ posed.rotation.T[:, :2] + self.origin[:2] + posed.shift
        return placed.astype(np.float32)


def upright(point: Array) -> Array:
    """Three points `[3, 3]` that carry a flat layer at a head-frame point `[3]` along the skull's x and y.

    Landmarks would not do: corners and middle of a smiling lip or of a narrow eye lie nearly on one line, and
    an affine map through them shears the layer with every nod.
    """
    return point + np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)


def _off_the_teeth(landmarks: Array) -> Array:
    """Landmarks with the edges of parted lips moved onto the lips, so that closing them hides all teeth."""
    upper, lower = list(INNER_LIPS_UPPER[1:-1]), list(INNER_LIPS_LOWER[1:-1])
    unit = float(eye_distance(landmarks))
    gap = landmarks[lower] - landmarks[upper]
    width = np.linalg.norm(gap, axis=1, keepdims=True)
    outwards = gap / np.maximum(width, 1e-6) * np.minimum(0.3 * width, PARTED_LIP_BIAS * unit)
    moved = landmarks.copy()
    moved[upper] -= outwards
    moved[lower] += outwards
    return moved


def _off_the_eyeball(landmarks: Array) -> Array:
    """Landmarks with the lower lids' edges moved off the eyeball."""
    moved = landmarks.astype(np.float32).copy()
    moved[LOWER_MARGIN] += (landmarks[LOWER_MARGIN] - landmarks[UPPER_MARGIN]) * np.float32(LOWER_LID_BIAS)
    return moved


def _smooth(column_offsets: Array) -> Array:
    """Average neighbouring columns, the ends with themselves: skin off the lid's edge moves as one."""
    padded = np.pad(column_offsets, ((1, 1), (0, 0)), mode="edge")
    return (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / np.float32(4)


def _bend(values: Array, limit: Array) -> Array:
    """Values that follow 1:1 near zero and never exceed `limit`."""
    bent: Array = (limit * np.tanh(values / limit)).astype(np.float32)
    return bent


def _ring_sources() -> npt.NDArray[np.int32]:
    """Vertex numbers of every ring `[rings, n]`, the oval first."""
    count = len(FACE_OVAL)
    outer = [np.arange(count) + FACE_VERTICES + ring * count for ring in range(len(RINGS) - 1)]
    return np.stack([np.array(FACE_OVAL, np.int32), *outer]).astype(np.int32)


def _ring_triangles() -> npt.NDArray[np.int32]:
    """Two triangles for every quad between neighbouring rings."""
    rings = _ring_sources()
    triangles = []
    for inner, outer in pairwise(rings):
        after_inner, after_outer = np.roll(inner, -1), np.roll(outer, -1)
        triangles.append(np.stack([inner, outer, after_outer], 1))
        triangles.append(np.stack([inner, after_outer, after_inner], 1))
    return np.concatenate(triangles).astype(np.int32)
