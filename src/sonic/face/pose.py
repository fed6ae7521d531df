"""Head angles of one face, from a similarity fit of the canonical head to its landmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sonic.face.topology import STABLE, canonical_vertices

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL_PITCH = 8.0  # degrees that the canonical head looks up; the median over level portraits


class HeadAngles(NamedTuple):
    """Degrees, all zero for a face that looks straight into the camera.

    `yaw` grows as the face turns to the picture's right, `pitch` as it looks down, `roll` as the head leans
    clockwise on the screen.
    """

    yaw: float
    pitch: float
    roll: float


def head_angles(landmarks: NDArray[np.float32]) -> HeadAngles:
    """The angles of the head whose landmarks are float32 [478, 3]."""
    rows = list(STABLE)
    rotation = fit_rotation(canonical_vertices()[rows], landmarks[rows])
    # rotation = roll about z @ yaw about y @ pitch about x, with y down and z away from the camera
    pitch = np.arctan2(rotation[2, 1], rotation[2, 2])
    yaw = np.arcsin(np.clip(-rotation[2, 0], -1, 1))
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    # A positive turn about y carries the nose, which points to -z, to the left; we count to the right.
    yaw, pitch, roll = (float(np.degrees(angle)) for angle in (-yaw, pitch, roll))
    return HeadAngles(yaw, pitch - LEVEL_PITCH, roll)


def fit_rotation(source: NDArray[np.float32], target: NDArray[np.float32]) -> NDArray[np.float64]:
    """The rotation [3, 3] of the best similarity from points `source` [N, 3] to `target` [N, 3]."""
    covariance = (target - target.mean(axis=0)).T.astype(np.float64) @ (source - source.mean(axis=0))
    left, _, right = np.linalg.svd(covariance)
    mirror = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return np.asarray(left @ mirror @ right)
