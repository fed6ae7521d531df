"""Which of the 478 landmarks is what: index lists, the triangle mesh and the canonical head.

"Right" and "left" are the subject's own. Lists that follow an edge are in order along it.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from sonic.inference import read_asset

if TYPE_CHECKING:
    from numpy.typing import NDArray

LANDMARK_COUNT = 478
MESH_COUNT = 468  # the first 468 form the face mesh, the last ten are the two irises

# Lips, each from the subject's right mouth corner to the left one.
OUTER_LIPS_UPPER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
OUTER_LIPS_LOWER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
INNER_LIPS_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LIPS_LOWER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
OUTER_LIPS = OUTER_LIPS_UPPER + OUTER_LIPS_LOWER[-2:0:-1]  # closed loops
INNER_LIPS = INNER_LIPS_UPPER + INNER_LIPS_LOWER[-2:0:-1]
MOUTH_CORNERS = (61, 291)

# Eyes, each lid from the outer corner to the inner one.
RIGHT_EYE_UPPER = (33, 246, 161, 160, 159, 158, 157, 173, 133)
RIGHT_EYE_LOWER = (33, 7, 163, 144, 145, 153, 154, 155, 133)
LEFT_EYE_UPPER = (263, 466, 388, 387, 386, 385, 384, 398, 362)
LEFT_EYE_LOWER = (263, 249, 390, 373, 374, 380, 381, 382, 362)
RIGHT_EYE = RIGHT_EYE_UPPER + RIGHT_EYE_LOWER[-2:0:-1]  # closed loops
LEFT_EYE = LEFT_EYE_UPPER + LEFT_EYE_LOWER[-2:0:-1]
RIGHT_EYE_CORNERS = (33, 133)  # outer, inner
LEFT_EYE_CORNERS = (263, 362)

# Irises: the centre first, then four points on the rim.
RIGHT_IRIS = (468, 469, 470, 471, 472)
LEFT_IRIS = (473, 474, 475, 476, 477)
IRISES = RIGHT_IRIS + LEFT_IRIS

# Brows, each from the temple to the nose.
RIGHT_BROW_UPPER = (70, 63, 105, 66, 107)
RIGHT_BROW_LOWER = (46, 53, 52, 65, 55)
LEFT_BROW_UPPER = (300, 293, 334, 296, 336)
LEFT_BROW_LOWER = (276, 283, 282, 295, 285)
BROWS = RIGHT_BROW_UPPER + RIGHT_BROW_LOWER + LEFT_BROW_UPPER + LEFT_BROW_LOWER

# The face's outline, from the top of the forehead over the left temple and the chin, a closed loop.
FACE_OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
NOSE_TIP = 4
CHIN = 152

# Forehead rim, temples, bridge of the nose and eye corners: what neither speech nor brows move.
STABLE = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 234, 127, 162, 21, 54, 103, 67, 109),
    *(6, 168, 197, 195, 5, 122, 351, 193, 417),
    *(33, 133, 263, 362),
)


@cache
def _geometry() -> dict[str, NDArray[np.generic]]:
    with np.load(BytesIO(read_asset("face_geometry.npz"))) as arrays:
        return {name: _frozen(arrays[name]) for name in arrays.files}


def _frozen(values: NDArray[np.generic]) -> NDArray[np.generic]:
    values.flags.writeable = False
    return values


@cache
def face_triangles() -> NDArray[np.int32]:
    """The face mesh, int32 [898, 3]: landmark indices of each triangle; eyes and mouth are filled."""
    return np.asarray(_geometry()["triangles"], dtype=np.int32)


@cache
def canonical_vertices() -> NDArray[np.float32]:
    """An average head, float32 [468, 3] in centimetres: x to the picture's right, y down, z away from us."""
    # The file has y up and z towards the camera; pictures count the other way round.
    return np.asarray(_geometry()["vertices"], dtype=np.float32) * np.array([1, -1, -1], np.float32)


def eye_centres(landmarks: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The midpoints of the eye corners, right and left, float32 [..., 3] each, of landmarks [..., 478, 3]."""
    right = landmarks[..., RIGHT_EYE_CORNERS, :].mean(axis=-2)
    left = landmarks[..., LEFT_EYE_CORNERS, :].mean(axis=-2)
    return right, left


def eye_distance(landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """The distance between the eye centres, the unit that faces are measured in; float32 [...]."""
    right, left = eye_centres(landmarks)
    return np.asarray(np.linalg.norm(left - right, axis=-1), dtype=np.float32)
