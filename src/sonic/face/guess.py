"""Where the points of a face probably are: what annotating by hand starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.errors import NoFaceError
from sonic.face.fitting import average_landmarks
from sonic.face.points import FacePoints
from sonic.face.portrait import locate_face

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEAD_SHARE = 0.4  # of the picture's short side: how wide a face is where none was found


def guess_points(image: NDArray[np.uint8], *, face_index: int | None = None) -> tuple[FacePoints, bool]:
    """All named points of a uint8 RGB picture [H, W, 3], and whether a face was found for them.

    Where none is found, an average face lies in the middle of the picture. Raises FaceIndexError when there
    are fewer faces than `face_index` asks for.
    """
    try:
        face, _ = locate_face(image, face_index=face_index)
    except NoFaceError:
        height, width = image.shape[:2]
        middle = np.array([width / 2, height / 2])
        return FacePoints.of(average_landmarks(middle, HEAD_SHARE * min(height, width))), False
    return FacePoints.of(face.landmarks), True
