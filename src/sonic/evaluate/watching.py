"""Watches a finished video once: follows the face and keeps of the pixels what is measured later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np

from sonic.errors import InputError, NoAudioTrackError, NoFaceError
from sonic.evaluate.sync import SAMPLES_PER_FRAME
from sonic.face.landmarks import FaceTracker
from sonic.face.portrait import find_faces
from sonic.face.topology import eye_centres
from sonic.media.footage import frames_at, sound_after
from sonic.media.image import load_image
from sonic.motion.resample import fill_gaps
from sonic.motion.space import FRAME_RATE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from sonic.media.film import Frame
    from sonic.motion.head import Array

    Grey = npt.NDArray[np.uint8]

_RATE = SAMPLES_PER_FRAME * FRAME_RATE  # Hz
SHORTEST = 20  # frames with a face; less says nothing
_SMALL = 256  # pixels, longer side of the pictures that are compared with their neighbours
_FACE = 96  # pixels, side of an upright square around the face
_FACE_UNITS = 2.4  # its side in eye distances
_EYES_DOWN = 0.3  # where the eyes lie in it, share of its side
MOUTH = np.s_[50:90, 24:72]  # of that square
UPPER = np.s_[8:46, 12:84]
_BORDER = 0.06  # share of the picture along its edge that should stand still


@dataclass(frozen=True)
class Watched:
    """A video of one face at 25 frames a second.

    Attributes:
        landmarks: picture pixels, gaps filled, [T, 478, 3].
        found: in which frames the face was there, bool [T].
        sound: mono at 16 kHz from the first frame on, [N]; None if the video has none.
        faces: grey upright squares around the face, uint8 [T, 96, 96].
        changes: mean grey-level change since the frame before inside the face's hull, outside, and along the
            picture's edge, [T, 3]; the first row is zero.
    """

    landmarks: Array
    found: npt.NDArray[np.bool_]
    sound: Array | None
    faces: Grey
    changes: Array

    def __len__(self) -> int:
        return len(self.landmarks)


def watch(path: Path, audio: Path | None = None, on_frame: Callable[[int], None] | None = None) -> Watched:
    """Follow the main face of a video; `audio` is heard instead of its own sound.

    Raises:
        InputError: not a video, or hardly any of it; NoFaceError: hardly any frame shows a face.
    """
    try:
        frames, start = frames_at(path, FRAME_RATE)
        tracker, looker = FaceTracker(), _Looker()
        for index, frame in enumerate(frames):
            looker.look(frame, tracker.track(frame)[0])
            if on_frame is not None:
                on_frame(index + 1)
        sound = _sound(path, start) if audio is None else sound_after(audio, 0.0, _RATE)
    except av.FFmpegError as error:
        raise InputError(f"{path} cannot be decoded ({error}): give a video file.") from error
    return looker.watched(path, sound)


def _sound(path: Path, start: float) -> Array | None:
    try:
        return sound_after(path, start, _RATE)
    except NoAudioTrackError:
        return None


def upright_face(picture: Frame, landmarks: Array) -> Grey:
    """The face of an RGB picture as an upright grey square, placed and scaled by the eyes, uint8 [96, 96]."""
    right, left = eye_centres(landmarks)
    across = (left - right)[:2]
    side = 2 * _FACE  # halved afterwards, so that large faces lose detail without new patterns
    scale = side / (_FACE_UNITS * max(float(across @ across), 1e-6))
    turn = scale * np.array([[across[0], across[1]], [-across[1], across[0]]])
    shift = np.array([side / 2, _EYES_DOWN * side]) - turn @ ((right + left)[:2] / 2)
    fine = cv2.warpAffine(picture, np.concatenate([turn, shift[:, None]], axis=1), (side, side))
    small = cv2.resize(fine, (_FACE, _FACE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)


def portrait_face(path: Path) -> Grey:
    """The largest face of a picture file, upright; raises ImageError or NoFaceError."""
    picture = load_image(path)
    faces = find_faces(picture)
    if not faces:
        raise NoFaceError(f"No face was found in {path}: give the picture that the videos were made from.")
    return upright_face(picture, faces[0].landmarks)


class _Looker:
    """Collects what a video's frames show, one after the other."""

    def __init__(self) -> None:
        self._landmarks: list[Array | None] = []
        self._faces: list[Grey] = []
        self._changes: list[tuple[float, float, float]] = []
        self._before: npt.NDArray[Any] | None = None

    def look(self, frame: Frame, landmarks: Array | None) -> None:
        """Take in one frame."""
        self._landmarks.append(landmarks)
        blank = np.zeros((_FACE, _FACE), np.uint8)
        self._faces.append(blank if landmarks is None else upright_face(frame, landmarks))
        zoom = _SMALL / max(frame.shape[:2])
        small = cv2.resize(frame, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
        grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
        self._changes.append(self._change(grey, landmarks, zoom))
        self._before = grey

    def _change(self, grey: Grey, landmarks: Array | None, zoom: float) -> tuple[float, float, float]:
        if self._before is None or landmarks is None:
            return 0.0, 0.0, 0.0
        difference = cv2.absdiff(grey, self._before)
        hull = np.zeros_like(grey)
        outline = cv2.convexHull(np.round(landmarks[:, :2] * zoom).astype(np.int32))
        cv2.fillConvexPoly(hull, outline, 255)
        inside = cv2.mean(difference, hull)[0]
        outside = cv2.mean(difference, cv2.bitwise_not(hull))[0]
        edge = max(1, round(_BORDER * grey.shape[1]))
        border = np.concatenate([difference[:, :edge], difference[:, -edge:]], axis=1)
        return inside, outside, float(border.mean())

    def watched(self, path: Path, sound: Array | None) -> Watched:
        """Everything seen; raises what is wrong with it."""
        found = np.array([points is not None for points in self._landmarks])
        if len(found) < SHORTEST:
            raise InputError(f"{path} lasts {len(found)} frames: give at least {SHORTEST}.")
        if found.sum() < SHORTEST:
            raise NoFaceError(f"{path} shows a face in {found.sum()} frames only: {SHORTEST} are needed.")
        landmarks = fill_gaps(self._landmarks)
        return Watched(landmarks, found, sound, np.stack(self._faces), np.array(self._changes, np.float32))
