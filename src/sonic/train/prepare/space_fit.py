"""Fit the motion space: the average face, and bases for how mouths and brows move."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sonic.face.topology import CHIN
from sonic.motion.easing import ramp
from sonic.motion.head import Array, eye_centres, fit_head
from sonic.motion.mouth import close_mouth, lip_opening
from sonic.motion.regions import EYES, LIPS, NOSE_BRIDGE, STABLE
from sonic.motion.space import MotionSpace

if TYPE_CHECKING:
    from collections.abc import Sequence

Indices = npt.NDArray[np.int64]

MOUTH_COMPONENTS = 16
BROW_COMPONENTS = 4
_LIP_IMPORTANCE = 2.0
_DEPTH_IMPORTANCE = 0.35  # a tracker guesses depth, it does not see it
_FRAMES_PER_CLIP = 40
_ROUNDS = 2


def fit_space(
    tracks: Sequence[Array], *, mouth: int = MOUTH_COMPONENTS, brows: int = BROW_COMPONENTS
) -> MotionSpace:
    """Learn a motion space from gapless tracks, each [T, 478, 3] in picture pixels of one person."""
    template = average_face(tracks)
    heads = [_spread_frames(fit_head(track, template)[1]) for track in tracks]
    space = _first_space(template, heads, mouth, brows)
    for _ in range(_ROUNDS):
        space = _refit(space, heads)
    return _with_statistics(space, tracks)


def average_face(tracks: Sequence[Array]) -> Array:
    """The mean of all tracks' average faces, made symmetric so that it looks straight ahead, [478, 3]."""
    shapes = np.stack([_upright(np.median(track, axis=0)) for track in tracks])
    mean = _symmetric(shapes.mean(0))
    for _ in range(_ROUNDS):
        aligned = np.stack([fit_head(shape[None], mean)[1][0] for shape in shapes])
        mean = _symmetric(aligned.mean(0))
    return mean


def _symmetric(shape: Array) -> Array:
    return ((shape + mirrored(shape, mirror_indices(shape))) / 2).astype(np.float32)


def _upright(shape: Array) -> Array:
    right, left = eye_centres(shape)
    return (shape - (right + left) / 2) / np.linalg.norm(left - right)


def mirrored(points: Array, mirror: Indices) -> Array:
    """Faces or displacements [..., 478, 3] as a mirror shows them."""
    flipped: Array = points[..., mirror, :] * np.array([-1, 1, 1], np.float32)
    return flipped


def mirror_indices(shape: Array) -> Indices:
    """For each landmark the one on the other side of the face, found on a nearly symmetric shape [478, 3]."""
    from scipy.optimize import linear_sum_assignment

    distance = np.linalg.norm(shape[:, None] - shape[None] * np.array([-1, 1, 1]), axis=-1)
    return np.asarray(linear_sum_assignment(distance)[1], np.int64)


def _spread_frames(points: Array) -> Array:
    step = max(1, len(points) // _FRAMES_PER_CLIP)
    return points[::step]


def _first_space(template: Array, heads: Sequence[Array], mouth: int, brows: int) -> MotionSpace:
    """Bases from displacements against each clip's most closed frame, before mouths can be closed."""
    mouth_weights, brow_weights = region_weights(template)
    nothing = np.zeros(0, np.float32)
    mirror = mirror_indices(template)
    openings = [_against_most_closed(points) for points in heads]
    raisings = [points - np.median(points, axis=0) for points in heads]
    mouth_basis = principal_motion(openings, mouth_weights, mouth, mirror)
    brow_basis = principal_motion(raisings, brow_weights, brows, mirror)
    closed = close_mouth(template, mouth_basis)
    return MotionSpace(closed, mouth_basis, brow_basis, _importance(), nothing, nothing)


def _against_most_closed(points: Array) -> Array:
    difference: Array = points - points[np.argmin(lip_opening(points))]
    return difference


def _refit(space: MotionSpace, heads: Sequence[Array]) -> MotionSpace:
    mouth_weights, _ = region_weights(space.template)
    displacements = [points - space.clip_neutral(points) for points in heads]
    mirror = mirror_indices(space.template)
    basis = principal_motion(displacements, mouth_weights, len(space.mouth_basis), mirror)
    return replace(space, mouth_basis=basis, template=close_mouth(space.template, basis))


def _with_statistics(space: MotionSpace, tracks: Sequence[Array]) -> MotionSpace:
    motion = np.concatenate([space.encode(track) for track in tracks])
    return replace(space, mean=motion.mean(0), spread=np.maximum(motion.std(0), 1e-4))


def principal_motion(displacements: Sequence[Array], region: Array, count: int, mirror: Indices) -> Array:
    """The strongest `count` directions of movement about zero, each scaled to unit spread, [count, 478, 3].

    Args:
        displacements: per clip, [T, 478, 3].
        region: how much each landmark takes part, 0..1, [478]; movement fades out with it.
        count: how many directions.
        mirror: for each landmark the one on the other side of the face, [478].
    """
    weights = region[:, None] * _importance()
    members = np.flatnonzero(region > 0)
    data = np.concatenate(displacements)
    # With every movement's mirror image beside it, each direction is the same on both sides of the face.
    data = np.concatenate([data, mirrored(data, mirror)])[:, members] * weights[members]
    flat = data.reshape(len(data), -1)
    _, vectors = np.linalg.eigh(flat.T @ flat)
    strongest = vectors[:, ::-1][:, :count]
    spread = np.sqrt(np.mean((flat @ strongest) ** 2, axis=0))
    basis = np.zeros((count, 478, 3), np.float32)
    shaped = (strongest * spread).T.reshape(count, len(members), 3)
    basis[:, members] = shaped / _importance()[members]
    downward = np.sign(basis[:, CHIN, 1] - basis[:, NOSE_BRIDGE, 1])
    return basis * np.where(downward == 0, 1, downward)[:, None, None].astype(np.float32)


def region_weights(template: Array) -> tuple[Array, Array]:
    """How much each landmark takes part in mouth and in brow movement, 0..1, [478] each."""
    height = template[:, 1]
    mouth = ramp(height, 0.2, 0.5)
    brows = ramp(-height, 0.12, 0.25)
    for weights in (mouth, brows):
        weights[EYES] = 0
    mouth[STABLE] = 0
    brows[STABLE] *= 0.3  # the hairline follows the brows a little
    mouth[LIPS] = 1
    return mouth, brows


def _importance() -> Array:
    importance = np.ones((478, 3), np.float32)
    importance[LIPS] *= _LIP_IMPORTANCE
    importance[:, 2] *= _DEPTH_IMPORTANCE
    return importance


def mirror_signs(space: MotionSpace) -> Array:
    """What a mirror does to each number of a motion vector with swapped lids, -1 or 1, [dim]."""
    mirror = mirror_indices(space.template)
    bases = np.concatenate([space.mouth_basis, space.brow_basis])
    same = np.sign((bases * mirrored(bases, mirror)).sum((1, 2)))
    return np.concatenate([same, [1, 1, -1, 1, 1, -1, -1, -1, 1]]).astype(np.float32)
