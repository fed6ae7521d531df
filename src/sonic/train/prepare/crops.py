"""Small pictures of the mouth, placed by the skull, so that lips and jaw move inside them and teeth rest.

A crop is 1.5 eye distances wide and 1.125 high. Its axes are those of the head, seen by the camera: the crop
turns, shifts and narrows with the skull. The closed lip line lies in the middle of its width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from sonic.motion.head import fit_head

if TYPE_CHECKING:
    import numpy.typing as npt

    from sonic.motion.head import Array, HeadPose
    from sonic.motion.space import MotionSpace

CROP_WIDTH, CROP_HEIGHT = 128, 96  # pixels
PIXELS_PER_EYE_DISTANCE = CROP_WIDTH / 1.5
LIP_COLUMN, LIP_ROW = 63.5, 38.0  # where the closed lips' middle lies in the crop
UPPER_LIP_MIDDLE, LOWER_LIP_MIDDLE = 13, 14
_STEADY = 1.2  # frames; standard deviation of the smoothing of the head's place


def place_crops(landmarks: Array, space: MotionSpace) -> Array:
    """Where the mouth crops of a track lie.

    Args:
        landmarks: one face without gaps, picture pixels, [T, 478, 3].
        space: motion space, which knows the head frame and how mouths close.

    Returns:
        Affine maps from crop pixels to picture pixels, float32 [T, 2, 3].
    """
    pose, points = fit_head(landmarks, space.template)
    return crop_affine(pose, space.clip_neutral(points))


def crop_affine(pose: HeadPose, neutral: Array) -> Array:
    """The same for a head whose pose is known, and its closed `neutral` [478, 3] in the head frame."""
    lips = neutral[[UPPER_LIP_MIDDLE, LOWER_LIP_MIDDLE]].mean(0)
    turned = pose.scale[:, None, None] * pose.rotation[:, :2]
    axes = turned[..., :2] / PIXELS_PER_EYE_DISTANCE
    middle = turned @ lips + pose.translation[:, :2]
    corner = middle - axes @ np.array([LIP_COLUMN, LIP_ROW], np.float32)
    affine = np.concatenate([axes, corner[..., None]], axis=2)
    return np.asarray(gaussian_filter1d(affine, _STEADY, axis=0, mode="nearest"), np.float32)


def cut_crop(frame: npt.NDArray[np.uint8], affine: Array) -> npt.NDArray[np.uint8]:
    """The mouth crop, uint8 RGB [96, 128, 3], of one frame; `affine` [2, 3] maps crop to picture pixels."""
    # Faces larger than the crop are read at a multiple of its size and averaged: no moire, no lost detail.
    finer = max(1, int(np.ceil(np.linalg.norm(affine[:, 0]))))
    matrix = affine.astype(np.float64).copy()
    matrix[:, 2] += matrix[:, :2] @ np.full(2, 0.5 / finer - 0.5)
    matrix[:, :2] /= finer
    size = (CROP_WIDTH * finer, CROP_HEIGHT * finer)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(frame, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    if finer > 1:
        crop = cv2.resize(crop, (CROP_WIDTH, CROP_HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(crop, np.uint8)


def to_crop(points: Array, affine: Array) -> Array:
    """Picture points [T, N, 2+] in crop pixels, float32 [T, N, 2], under `affine` [T, 2, 3]."""
    inverse = np.linalg.inv(affine[:, :, :2])
    offset = points[..., :2] - affine[:, None, :, 2]
    moved: Array = np.einsum("tij,tnj->tni", inverse, offset)
    return moved.astype(np.float32)
