"""Places 478 landmarks on one face, from a rough detection or from the previous video frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sonic.face.detect import Detection, FaceDetector
from sonic.face.sampling import Region, cut_region
from sonic.face.topology import LANDMARK_COUNT, MESH_COUNT
from sonic.inference import load_asset

if TYPE_CHECKING:
    from numpy.typing import NDArray

INPUT_SIZE = 256
MARGIN = 1.5  # the network was trained on squares this much larger than the face
PRESENT = 0.5
DIAGONAL = 1.75  # of the box around a face, in widths
FRAMINGS = ((1.0, 0.0), (0.95, 0.04), (0.95, -0.04), (1.06, 0.04), (1.06, -0.04))  # zoom, radians


@dataclass(frozen=True)
class Face:
    """One face in a still picture.

    Attributes:
        landmarks: float32 [478, 3] in picture pixels.
        score: presence of a face by the landmark network, 0..1.
        wobble: how far the landmarks move when the framing changes a little, in face sizes; about 0.003 on a
            face, ten times that on anything else.
    """

    landmarks: NDArray[np.float32]
    score: float
    wobble: float

    @property
    def width(self) -> float:
        """Width of the face seen from the front, pixels, whichever way it is turned."""
        return face_width(self.landmarks)


class FaceLandmarker:
    """The landmark network; one pass takes about 8 ms on one core."""

    def __init__(self) -> None:
        self._network = load_asset("face_landmarks.onnx")

    def locate(self, image: NDArray[np.uint8], region: Region) -> tuple[NDArray[np.float32], float]:
        """Landmarks float32 [478, 3] in picture pixels and the presence of a face, 0..1, from one pass."""
        pixels = cut_region(image, region, INPUT_SIZE)
        points, presence, _ = self._network(pixels[None].astype(np.float32) / 255)
        points = points.reshape(LANDMARK_COUNT, 3)
        depth = points[:, 2:] * (region.size / INPUT_SIZE)
        landmarks = np.concatenate([region.to_picture(points[:, :2], INPUT_SIZE), depth], axis=1)
        return landmarks.astype(np.float32), _sigmoid(float(presence.ravel()[0]))

    def refine(
        self, image: NDArray[np.uint8], detection: Detection, *, passes: int = 2
    ) -> tuple[NDArray[np.float32], float]:
        """Landmarks from a detection; each further pass looks again at the square that the last one found."""
        landmarks, score = self.locate(image, region_of_detection(detection))
        for _ in range(passes - 1):
            landmarks, score = self.locate(image, region_of_landmarks(landmarks))
        return landmarks, score

    def settle(self, image: NDArray[np.uint8], detection: Detection) -> Face:
        """Like `refine`, averaged over slightly different framings; for still pictures."""
        landmarks, _ = self.refine(image, detection)
        region = region_of_landmarks(landmarks)
        views = [
            replace(region, size=region.size * zoom, angle=region.angle + turn) for zoom, turn in FRAMINGS
        ]
        points, scores = zip(*(self.locate(image, view) for view in views), strict=True)
        mean = np.asarray(np.mean(points, axis=0), dtype=np.float32)
        wobble = np.linalg.norm((np.stack(points) - mean)[..., :2], axis=-1).mean()
        return Face(mean, float(np.mean(scores)), float(wobble) * MARGIN / region.size)


class FaceTracker:
    """Follows the main face through a video; a lost face is searched for again in the next frame."""

    def __init__(self) -> None:
        self._detector = FaceDetector()
        self._landmarker = FaceLandmarker()
        self._region: Region | None = None

    def track(self, frame: NDArray[np.uint8]) -> tuple[NDArray[np.float32] | None, float]:
        """Landmarks float32 [478, 3] of the next RGB frame [H, W, 3], or None, and their score in 0..1."""
        landmarks, score = self._follow(frame)
        if landmarks is None:
            landmarks, score = self._search(frame)
        self._region = None if landmarks is None else region_of_landmarks(landmarks)
        return landmarks, score

    def _follow(self, frame: NDArray[np.uint8]) -> tuple[NDArray[np.float32] | None, float]:
        if self._region is None:
            return None, 0.0
        landmarks, score = self._landmarker.locate(frame, self._region)
        return (landmarks if score > PRESENT else None), score

    def _search(self, frame: NDArray[np.uint8]) -> tuple[NDArray[np.float32] | None, float]:
        detection = self._detector.detect_main(frame)
        if detection is None:
            return None, 0.0
        landmarks, score = self._landmarker.refine(frame, detection)
        return (landmarks if score > PRESENT else None), score


def face_width(landmarks: NDArray[np.float32]) -> float:
    """Width of a face with landmarks [478, 3] seen from the front, pixels, whichever way it is turned."""
    low, high = landmarks[:MESH_COUNT].min(axis=0), landmarks[:MESH_COUNT].max(axis=0)
    return float(np.linalg.norm(high - low) / DIAGONAL)


def region_of_detection(detection: Detection) -> Region:
    """The square to look at, upright with the eyes."""
    right_eye, left_eye = detection.keypoints[:2]
    angle = float(np.arctan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0]))
    return Region(*detection.centre, detection.size * MARGIN, angle)


def region_of_landmarks(landmarks: NDArray[np.float32]) -> Region:
    """The same square from landmarks [478, 3] already found."""
    across = landmarks[263, :2] - landmarks[33, :2]  # outer eye corners
    low, high = landmarks[:MESH_COUNT, :2].min(axis=0), landmarks[:MESH_COUNT, :2].max(axis=0)
    x, y = (low + high) / 2
    angle = float(np.arctan2(across[1], across[0]))
    return Region(float(x), float(y), float((high - low).max()) * MARGIN, angle)


def _sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))
