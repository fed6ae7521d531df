"""What a video's pixels give away: soft mouths, moving backgrounds, flicker and faces that change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from sonic.evaluate.lags import correlation
from sonic.evaluate.statistics import UNKNOWN
from sonic.evaluate.watching import MOUTH, UPPER

if TYPE_CHECKING:
    from sonic.evaluate.watching import Grey
    from sonic.motion.head import Array

_SHUT_SHARE = 0.1  # of the frames, the most closed ones, that stand in for a portrait
_SAME_POSE = np.radians(4.0)


def mouth_sharpness(faces: Grey, opening: Array, portrait: Grey | None) -> float:
    """Median detail of the mouth over that of the portrait's, or of the video's own most closed mouths.

    Detail is the variance of the Laplacian over the mouth of upright faces of one size, against that over
    eyes and forehead, so that the size of the picture and the codec do not count as softness.

    Args:
        faces: upright grey faces, uint8 [T, 96, 96].
        opening: lip opening of the same frames, [T].
        portrait: the portrait's upright face, [96, 96].
    """
    found = np.array([_mouth_detail(face) for face in faces])
    if portrait is not None:
        return float(np.median(found)) / max(_mouth_detail(portrait), 1e-6)
    shut = np.argsort(opening)[: max(1, round(_SHUT_SHARE * len(faces)))]
    return float(np.median(found) / max(float(np.median(found[shut])), 1e-6))


def background_leakage(changes: Array) -> float:
    """Mean change outside the face over that inside it, from `Watched.changes` [T, 3]."""
    inside, outside = changes[1:, 0].mean(), changes[1:, 1].mean()
    return float(outside / inside) if inside > 1e-6 else UNKNOWN


def flicker(changes: Array) -> float:
    """Mean change along the picture's edge, less the tenth percentile that any codec makes, grey levels."""
    edge = changes[1:, 2]
    return float(edge.mean() - np.percentile(edge, 10)) if len(edge) else UNKNOWN


def upper_face_likeness(faces: Grey, rotation: Array, portrait: Grey | None) -> float:
    """Median correlation of eyes and forehead with the portrait's (or the first frame's) at its pose.

    Args:
        faces: upright grey faces, uint8 [T, 96, 96].
        rotation: of the head against the first frame, radians, [T, 3].
        portrait: the portrait's upright face; the video is taken to begin at its pose.
    """
    reference = (faces[0] if portrait is None else portrait)[UPPER].astype(np.float32).ravel()
    near = np.linalg.norm(rotation, axis=1) < _SAME_POSE
    near[0] = portrait is not None  # a frame is like itself
    if not near.any():
        return UNKNOWN
    return float(
        np.median([correlation(face[UPPER].astype(np.float32).ravel(), reference) for face in faces[near]])
    )


def _mouth_detail(face: Any) -> float:
    return _detail(face[MOUTH]) / max(_detail(face[UPPER]), 1e-6)


def _detail(patch: Any) -> float:
    return float(cv2.Laplacian(patch, cv2.CV_32F).var())
