"""The head-fixed frame: where the head is, and what the face looks like once that is taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sonic.face.topology import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS
from sonic.motion.regions import STABLE

Array: TypeAlias = npt.NDArray[np.floating[Any]]  # float32 unless said otherwise

_ROBUST_PASSES = 3
_ROBUST_SPREAD = 0.03  # eye distances; a stable point further off than this counts less


@dataclass(frozen=True)
class HeadPose:
    """Where the head is, frame by frame: `landmarks = scale * points @ rotation.T + translation`.

    Attributes:
        scale: picture pixels per IOD, [T].
        rotation: head frame to picture axes, [T, 3, 3].
        translation: the point between the eyes in the picture, pixels, [T, 3].
    """

    scale: Array
    rotation: Array
    translation: Array

    def place(self, points: Array) -> Array:
        """Head-frame points [T, N, 3] (or [N, 3], held) in picture pixels, [T, N, 3]."""
        turned = np.einsum("tij,...nj->tni" if points.ndim == 2 else "tij,tnj->tni", self.rotation, points)
        placed: Array = self.scale[:, None, None] * turned + self.translation[:, None]
        return placed.astype(np.float32)

    def remove(self, landmarks: Array) -> Array:
        """Landmarks [T, N, 3] in picture pixels as head-frame points, [T, N, 3]."""
        moved = (landmarks - self.translation[:, None]) / self.scale[:, None, None]
        points: Array = np.einsum("tji,tnj->tni", self.rotation, moved)
        return points.astype(np.float32)


def eye_centres(points: Array) -> tuple[Array, Array]:
    """The middles between the corners of the right and the left eye, [..., 3] each."""
    right = points[..., RIGHT_EYE_CORNERS, :].mean(-2)
    left = points[..., LEFT_EYE_CORNERS, :].mean(-2)
    return right, left


def fit_head(landmarks: Array, template: Array) -> tuple[HeadPose, Array]:
    """Separate head pose from expression by a robust similarity fit on points that speech does not move.

    Args:
        landmarks: face points of one person, picture pixels, [T, 478, 3].
        template: the average face in the head frame, [478, 3]; gives the frame its orientation.

    Returns:
        The pose and the head-frame points [T, 478, 3]: unit IOD, origin between the eyes.
    """
    first = _fit_similarity(landmarks, template)
    person = np.median(first.remove(landmarks), axis=0).astype(np.float32)
    pose = _in_eye_units(_fit_similarity(landmarks, person), person)
    return pose, pose.remove(landmarks)


def _in_eye_units(pose: HeadPose, person: Array) -> HeadPose:
    right, left = eye_centres(person)
    unit = np.linalg.norm(left - right)
    translation = pose.place(((right + left) / 2)[None])[:, 0]
    return HeadPose((pose.scale * unit).astype(np.float32), pose.rotation, translation)


def _fit_similarity(landmarks: Array, shape: Array) -> HeadPose:
    """Umeyama's least-squares similarity on the stable points, reweighted so that outliers let go."""
    target, source = landmarks[:, STABLE].astype(np.float64), shape[STABLE].astype(np.float64)
    weights = np.ones(target.shape[:2])
    pose = _umeyama(source, target, weights)
    for _ in range(_ROBUST_PASSES):
        residual = np.linalg.norm(pose.remove(target) - source, axis=-1)
        weights = 1 / (1 + (residual / _ROBUST_SPREAD) ** 2)
        pose = _umeyama(source, target, weights)
    return pose


def _umeyama(source: npt.NDArray[Any], target: npt.NDArray[Any], weights: npt.NDArray[Any]) -> HeadPose:
    weights = weights / weights.sum(1, keepdims=True)
    source_mean = np.einsum("tn,nj->tj", weights, source)
    target_mean = np.einsum("tn,tnj->tj", weights, target)
    centred_source = source[None] - source_mean[:, None]
    covariance = np.einsum("tn,tni,tnj->tij", weights, target - target_mean[:, None], centred_source)
    left, values, right = np.linalg.svd(covariance)
    signs = np.ones_like(values)
    signs[:, 2] = np.sign(np.linalg.det(left) * np.linalg.det(right))  # a reflection is no rotation
    rotation = (left * signs[:, None]) @ right
    variance = np.einsum("tn,tni->t", weights, centred_source**2)
    scale = (values * signs).sum(1) / variance
    translation = target_mean - scale[:, None] * np.einsum("tij,tj->ti", rotation, source_mean)
    return HeadPose(scale.astype(np.float32), rotation.astype(np.float32), translation.astype(np.float32))


def rotation_vectors(rotations: Array) -> Array:
    """Rotation matrices [T, 3, 3] as axis times angle, radians, [T, 3]; angles below half a turn."""
    cosine = np.clip((np.trace(rotations, axis1=1, axis2=2) - 1) / 2, -1, 1)
    angle = np.arccos(cosine)
    skew = rotations - rotations.transpose(0, 2, 1)
    axis_sine = np.stack([skew[:, 2, 1], skew[:, 0, 2], skew[:, 1, 0]], axis=1) / 2
    factor = angle / np.maximum(np.sin(angle), 1e-6)
    vectors: Array = axis_sine * np.where(angle < 1e-4, 1.0, factor)[:, None]
    return vectors.astype(np.float32)


def rotation_matrices(vectors: Array) -> Array:
    """Axis times angle, radians, [T, 3] as rotation matrices [T, 3, 3] (Rodrigues)."""
    angle = np.linalg.norm(vectors, axis=1)[:, None, None]
    x, y, z = vectors.T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    safe = np.maximum(angle, 1e-8)
    sine = np.sin(angle) / safe
    versine = (1 - np.cos(angle)) / safe**2
    rotations: Array = np.eye(3) + sine * cross + versine * (cross @ cross)
    return rotations.astype(np.float32)


def mean_rotation(rotations: Array) -> Array:
    """The rotation nearest to the average of [T, 3, 3] matrices, [3, 3]."""
    left, _, right = np.linalg.svd(rotations.mean(0))
    signs = np.array([1, 1, np.sign(np.linalg.det(left @ right))], np.float32)
    nearest: Array = (left * signs) @ right
    return nearest.astype(np.float32)
