"""Follows every face of a video from frame to frame, each with a tracker of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from sonic.face.detect import FaceDetector
from sonic.face.landmarks import MARGIN, PRESENT, FaceLandmarker, face_width, region_of_landmarks
from sonic.face.sampling import Region, cut_region
from sonic.face.topology import MESH_COUNT
from sonic.motion.head import eye_centres
from sonic.train.prepare.shots import CutDetector
from sonic.train.prepare.tracks import SHORTEST, Track

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from sonic.face.detect import Detection
    from sonic.motion.head import Array

    Frame = npt.NDArray[np.uint8]

LOOK_EVERY = 25  # frames; a new face that walks into the picture is found within a second
SEARCH_EVERY = 5  # frames, while there is no face at all
MOST_FACES = 3  # the largest ones; people in a crowd are too small to learn from
SHARPNESS_EVERY = 5  # frames
_SAME_FACE = 0.3  # overlap, intersection over union
_LONGEST_JUMP = 0.5  # eye distances between frames; more is another face, or a cut that was not seen
_THUMBNAIL_AT = 10  # frames after a track begins, when a fade is over
_THUMBNAIL = 96  # pixels
_SHARPNESS_SIZE = 128  # pixels; a face is measured at this size whatever its own


@cache
def face_networks() -> tuple[FaceDetector, FaceLandmarker]:
    """The detector and the landmark network of this process; loading them takes as long as ten frames."""
    return FaceDetector(), FaceLandmarker()


@dataclass(eq=False)
class _Follower:
    """One face while it is followed."""

    start: int
    landmarks: list[Array] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    sharpness: list[float] = field(default_factory=list)
    thumbnail: bytes = b""

    def add(self, frame: Frame, landmarks: Array, score: float) -> None:
        age = len(self.landmarks)
        self.landmarks.append(landmarks)
        self.scores.append(score)
        if age % SHARPNESS_EVERY == 0:
            self.sharpness.append(sharpness_of(frame, landmarks))
        if age in (0, _THUMBNAIL_AT):
            self.thumbnail = thumbnail_of(frame, region_of_landmarks(landmarks))

    @property
    def box(self) -> Array:
        """Corners of the face where it was seen last, [2, 2]."""
        return box_of(self.landmarks[-1])

    def moved_too_far(self, landmarks: Array) -> bool:
        (right, left), (was_right, was_left) = eye_centres(landmarks), eye_centres(self.landmarks[-1])
        jump = np.linalg.norm((right + left - was_right - was_left) / 2)
        return bool(jump > _LONGEST_JUMP * np.linalg.norm(left - right))

    def track(self) -> Track:
        sharpness = {"sharpness": float(np.median(self.sharpness))}
        scores = np.array(self.scores, np.float32)
        return Track(self.start, np.stack(self.landmarks), scores, sharpness, self.thumbnail)


class FaceFollower:
    """Takes the frames of one video in order; `finish` gives the tracks of all faces.

    One pass of the landmark network a frame and face; the detector looks again about once a second.
    """

    def __init__(self) -> None:
        self._detector, self._landmarker = face_networks()
        self._cuts = CutDetector()
        self._following: list[_Follower] = []
        self._done: list[_Follower] = []
        self._index = 0
        self.cuts = 0
        self.thumbnail = b""

    def advance(self, frame: Frame) -> None:
        """Take the next RGB frame [H, W, 3]."""
        if self._index == 0:
            self.thumbnail = thumbnail_of(frame, _whole(frame))
        cut = self._cuts.is_cut(frame)
        if cut:
            self.cuts += 1
            self._release_all()
        lost = self._follow(frame)
        every = LOOK_EVERY if self._following else SEARCH_EVERY
        if cut or lost or self._index % every == 0:
            self._look(frame, lost)
        self._done += lost
        self._index += 1

    def finish(self) -> tuple[Track, ...]:
        """Every face that was followed for long enough, the earliest and then the largest first."""
        self._release_all()
        tracks = [follower.track() for follower in self._done if len(follower.landmarks) >= SHORTEST]
        return tuple(sorted(tracks, key=lambda track: (track.start, -face_width(track.landmarks[0]))))

    def _follow(self, frame: Frame) -> list[_Follower]:
        """Move every follower to this frame; those that lost their face are let go and returned."""
        before, self._following, lost = self._following, [], []
        for follower in before:
            region = region_of_landmarks(follower.landmarks[-1])
            landmarks, score = self._landmarker.locate(frame, region)
            if score > PRESENT and not follower.moved_too_far(landmarks) and not self._is_followed(landmarks):
                follower.add(frame, landmarks, score)
                self._following.append(follower)
            else:
                lost.append(follower)
        return lost

    def _is_followed(self, landmarks: Array) -> bool:
        return any(overlap(box_of(landmarks), other.box) > _SAME_FACE for other in self._following)

    def _release_all(self) -> None:
        self._done += self._following
        self._following = []

    def _look(self, frame: Frame, lost: list[_Follower]) -> None:
        """Follow every face that nobody follows yet; a face just lost and found again goes on."""
        for landmarks, score in self._new_faces(frame):
            same = (follower for follower in lost if not follower.moved_too_far(landmarks))
            follower = next(same, _Follower(self._index))
            if follower in lost:
                lost.remove(follower)
            follower.add(frame, landmarks, score)
            self._following.append(follower)

    def _new_faces(self, frame: Frame) -> Iterator[tuple[Array, float]]:
        for detection in self._detector.glance(frame)[:MOST_FACES]:
            if len(self._following) >= MOST_FACES:
                return
            if any(overlap(_corners(detection), other.box) > _SAME_FACE for other in self._following):
                continue
            landmarks, score = self._landmarker.refine(frame, detection)
            if score > PRESENT and not self._is_followed(landmarks):
                yield landmarks, score


def box_of(landmarks: Array) -> Array:
    """Top-left and bottom-right corner of a face's mesh, [2, 2]."""
    points = landmarks[:MESH_COUNT, :2]
    return np.stack([points.min(0), points.max(0)])


def _corners(detection: Detection) -> Array:
    return np.stack([detection.box[:2], detection.box[:2] + detection.box[2:]])


def overlap(first: Array, second: Array) -> float:
    """Intersection over union of two boxes given by their corners, [2, 2] each."""
    sides = np.minimum(first[1], second[1]) - np.maximum(first[0], second[0])
    shared = float(np.prod(np.maximum(sides, 0)))
    total = sum(float(np.prod(box[1] - box[0])) for box in (first, second)) - shared
    return shared / max(total, 1e-6)


def sharpness_of(frame: Frame, landmarks: Array) -> float:
    """Variance of the Laplacian of a face over its variance (Pech-Pacheco et al. 2000), at a fixed size.

    About 0.1 for a sharp face; contrast and light do not matter.
    """
    region = region_of_landmarks(landmarks)
    face = cut_region(frame, Region(region.x, region.y, region.size / MARGIN, region.angle), _SHARPNESS_SIZE)
    grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var() / max(grey.var(), 1.0))


def thumbnail_of(frame: Frame, region: Region) -> bytes:
    """The region as a small JPEG."""
    picture = cut_region(
        frame, Region(region.x, region.y, region.size), _THUMBNAIL, border=cv2.BORDER_CONSTANT
    )
    done, content = cv2.imencode(
        ".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 70]
    )
    return bytes(content) if done else b""


def _whole(frame: Frame) -> Region:
    height, width = frame.shape[:2]
    return Region(width / 2, height / 2, max(height, width))
