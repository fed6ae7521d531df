"""Analyses one portrait: which face, its landmarks, how it is turned, what belongs to the person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from sonic.errors import FaceCutError, FaceIndexError, FaceTooSmallError, NoFaceError, ProfileError
from sonic.face.crop import Square, head_square
from sonic.face.detect import FaceDetector
from sonic.face.fitting import fit_landmarks
from sonic.face.landmarks import Face, FaceLandmarker
from sonic.face.pose import HeadAngles, head_angles
from sonic.face.segment import PersonSegmenter
from sonic.face.topology import BROWS, FACE_OVAL, LEFT_EYE, MESH_COUNT, OUTER_LIPS, RIGHT_EYE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sonic.face.points import FacePoints

SMALLEST_FACE = 48  # pixels across; below this lips and lids are a handful of pixels
WIDEST_YAW = 45.0  # degrees; beyond this one eye and one mouth corner are hidden
STEEPEST_ROLL = 50.0  # degrees; a picture lying on its side
CUT_MARGIN = 0.03  # face heights; landmarks may lie this far outside the picture
STEADY, UNSTEADY = 0.012, 0.022  # wobble below which landmarks prove a face, or need its score as well
ACCEPTED_SCORE = 0.3
MOST_FACES = 12  # looked at more closely, the largest ones first


@dataclass(frozen=True)
class Portrait:
    """What the animation needs to know about a picture.

    Attributes:
        image: uint8 RGB [H, W, 3], the whole upright picture.
        landmarks: float32 [478, 3], x right, y down in picture pixels; z in the same unit, smaller = nearer.
        crop: the square around the head that is animated, inside the picture.
        person: float32 [H, W] in 0..1, the person mask of the whole picture.
        score: how sure the landmark network is that this is a face, 0..1; low for drawings.
        face_count: how many faces the picture shows.
        yaw, pitch, roll: degrees; turned to the picture's right, looking down, leaning clockwise.
        wobble: how unsure the landmarks are, in face sizes; see `Face`.
    """

    image: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    crop: Square
    person: NDArray[np.float32]
    score: float
    face_count: int
    yaw: float
    pitch: float
    roll: float
    wobble: float = 0.0


def analyse_portrait(
    image: NDArray[np.uint8],
    *,
    expand_ratio: float = 0.2,
    face_index: int | None = None,
    face_points: FacePoints | None = None,
) -> Portrait:
    """Everything about one face of a uint8 RGB picture [H, W, 3]; takes well under a second.

    Args:
        image: the whole picture, upright.
        expand_ratio: 0..1, room around the head in the animated square, in head sizes on every side.
        face_index: 0 for the largest face, 1 for the next one ...; None takes the largest.
        face_points: where the face is, placed by hand; nothing is searched for then.

    Raises:
        NoFaceError: no face was found.
        FaceIndexError: the picture has fewer faces than `face_index` asks for.
        FaceTooSmallError: the face is less than 48 pixels wide.
        FaceCutError: the border of the picture cuts the face.
        ProfileError: the head is turned by more than 45 degrees or leans by more than 50.
    """
    face, count = locate_face(image, face_index=face_index, face_points=face_points)
    angles = head_angles(face.landmarks)
    check_face(face, angles, image.shape[:2])
    person = person_mask(image, face.landmarks)
    crop = head_square(face.landmarks, person, expand_ratio)
    return Portrait(image, face.landmarks, crop, person, face.score, count, *angles, face.wobble)


def person_mask(image: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where the person with this face is in an RGB picture [H, W, 3]; float32 [H, W] in 0..1."""
    bare = head_square(landmarks, np.zeros(image.shape[:2], np.float32), 0)
    person = PersonSegmenter().segment(image, bare)
    # The face itself is certain, however unsure the network is about an old print or a drawing.
    outline = np.round(landmarks[list(FACE_OVAL), :2]).astype(np.int32)
    cv2.fillPoly(person, [outline], 1.0)
    return person


def locate_face(
    image: NDArray[np.uint8], *, face_index: int | None = None, face_points: FacePoints | None = None
) -> tuple[Face, int]:
    """The face to animate, and how many faces the picture shows; raises what `analyse_portrait` raises."""
    if face_points is not None:
        return Face(fit_landmarks(face_points), score=1.0, wobble=0.0), 1
    faces = find_faces(image, thorough=face_index is not None)
    return _choose(faces, face_index), len(faces)


def find_faces(image: NDArray[np.uint8], *, thorough: bool = False) -> list[Face]:
    """The faces of an RGB picture [H, W, 3], the largest first; `thorough` searches for small ones too."""
    landmarker = FaceLandmarker()
    for detections in FaceDetector().search(image, thorough=thorough):
        candidates = (landmarker.settle(image, detection) for detection in detections[:MOST_FACES])
        if faces := [face for face in candidates if _is_face(face)]:
            return sorted(faces, key=lambda face: -face.width)
    return []


def _is_face(face: Face) -> bool:
    return face.wobble < STEADY or (face.wobble < UNSTEADY and face.score > ACCEPTED_SCORE)


def _choose(faces: list[Face], face_index: int | None) -> Face:
    if not faces:
        raise NoFaceError(
            "No face was found in the portrait: use a sharp picture that shows it from the front, "
            "or place the face's points by hand with sonic annotate."
        )
    index = face_index or 0
    if not 0 <= index < len(faces):
        allowed = "0" if len(faces) == 1 else f"0 to {len(faces) - 1}"
        raise FaceIndexError(
            f"face_index {index} was asked for, but the portrait has {_count(len(faces))}: "
            f"use {allowed}, the largest face is 0."
        )
    return faces[index]


def check_face(face: Face, angles: HeadAngles, shape: tuple[int, ...]) -> None:
    """Raise what keeps the face from being animated in a picture of `shape` (height, width)."""
    if face.width < SMALLEST_FACE:
        raise FaceTooSmallError(
            f"The face is {face.width:.0f} pixels wide and {SMALLEST_FACE} are needed: "
            "use a larger picture or one that shows the face closer."
        )
    if side := _cut_side(face.landmarks, shape):
        raise FaceCutError(
            f"The {side} border of the picture cuts the face: use a picture that shows the whole face."
        )
    if abs(angles.roll) > STEEPEST_ROLL:
        raise ProfileError(
            f"The head leans by {abs(angles.roll):.0f} degrees and at most {STEEPEST_ROLL:.0f} can be "
            "animated: turn the picture upright."
        )
    if abs(angles.yaw) > WIDEST_YAW:
        raise ProfileError(
            f"The head is turned by {abs(angles.yaw):.0f} degrees and at most {WIDEST_YAW:.0f} can be "
            "animated: use a picture that shows the face from the front."
        )


def _cut_side(landmarks: NDArray[np.float32], shape: tuple[int, ...]) -> str | None:
    """The side on which the face leaves the picture; a forehead may, as long as the brows are there."""
    face = landmarks[:MESH_COUNT, :2]
    features = landmarks[[*BROWS, *RIGHT_EYE, *LEFT_EYE, *OUTER_LIPS], :2]
    slack = CUT_MARGIN * float(face[:, 1].max() - face[:, 1].min())
    height, width = shape
    overshoots = {
        "left": -float(face[:, 0].min()),
        "right": float(face[:, 0].max()) - (width - 1),
        "upper": -float(features[:, 1].min()),
        "lower": float(face[:, 1].max()) - (height - 1),
    }
    side = max(overshoots, key=lambda name: overshoots[name])
    return side if overshoots[side] > slack else None


def _count(number: int) -> str:
    return f"{number} face" if number == 1 else f"{number} faces"
