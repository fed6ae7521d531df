"""A filmed person as the one who speaks: every frame stays as it was, but for the mouth."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sonic.config import GenerateConfig
from sonic.dubbing.person import Person
from sonic.dubbing.reel import to_and_fro
from sonic.dubbing.tracking import followed
from sonic.errors import FaceTooSmallError, VideoError
from sonic.face.landmarks import face_width
from sonic.face.portrait import SMALLEST_FACE
from sonic.media.footage import Look, look_at
from sonic.prefetch import prefetch
from sonic.reference import watch_face
from sonic.render.canvas import LONGEST_SIDE
from sonic.render.lower_face import LowerFace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sonic.media.film import Frame
    from sonic.motion.head import Array
    from sonic.motion.space import FaceMotion, MotionSpace
    from sonic.progress import Reporter
    from sonic.render.mouth_network import MouthNetwork
    from sonic.subject import Draw

SLOWEST, FASTEST = 10.0, 60.0  # frames a second
# What a video brings along, so that these options find nothing to do.
ITS_OWN = (
    "preset", "min_resolution", "expand_ratio", "crop", "fps", "face_index", "motion_scale", "head_motion",
    "gaze", "blink", "blink_rate", "emotion", "restore",
)  # fmt: skip
_WAITING_FRAMES = 8  # found faces, between the tracker and the renderer


@dataclass(frozen=True)
class FilmedSubject:
    """The main person of a video.

    Attributes:
        config: as asked for.
        path: of the video.
        look: its size, rate and length.
        person: how the face looks at rest.
        mouth: how mouths look inside.
        duration: seconds that are wanted.
    """

    config: GenerateConfig
    path: Path
    look: Look
    person: Person
    mouth: MouthNetwork
    duration: float

    @classmethod
    def of(
        cls,
        path: Path,
        config: GenerateConfig,
        space: MotionSpace,
        mouth: MouthNetwork,
        duration: float,
        reporter: Reporter,
    ) -> FilmedSubject:
        """Watch a video for a minute.

        Raises:
            VideoError: it cannot be decoded, is shorter than a second or larger than players take.
            NoFaceError: fewer than half of its frames show a face; FaceTooSmallError: a tiny one.
        """
        landmarks = watch_face(path, "video", reporter)
        look = look_at(path)
        _check(path, look, float(np.median([face_width(face) for face in landmarks])))
        return cls(config, path, look, Person.of(landmarks, space), mouth, duration)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the video in pixels, made even."""
        return self.look.width // 2 * 2, self.look.height // 2 * 2

    @property
    def fps(self) -> float:
        """Frames a second of the video."""
        return float(np.clip(self.look.rate, SLOWEST, FASTEST))

    @property
    def eyewear(self) -> str:
        """Nothing is drawn on the eyes."""
        return "none"

    def warnings(self) -> Iterator[str]:
        """Which options do nothing, and whether the video has to be repeated."""
        defaults = GenerateConfig()
        idle = [name for name in ITS_OWN if getattr(self.config, name) != getattr(defaults, name)]
        if idle:
            yield f"A video keeps its own picture, head and eyes: {', '.join(idle)} does nothing here."
        yield from replace(self.config, **{name: getattr(defaults, name) for name in ITS_OWN}).advice()
        if 0 < self.look.duration < self.duration - 1 / self.fps:
            yield (
                f"The video lasts {self.look.duration:.1f} s of the {self.duration:.1f} s that are spoken: "
                "from its end it runs backwards, and on again."
            )

    def face(self, motion: Array) -> FaceMotion:
        """Movement of mouth and jaw alone from motion vectors `[T, dim]`."""
        space, spoken = self.person.space, np.zeros_like(motion)
        mouth = space.groups["mouth"]
        spoken[:, mouth] = motion[:, mouth]
        return space.decode(spoken, self.person.closed)

    @contextmanager
    def drawing(self) -> Iterator[Draw]:
        """Begin a video: its frames are taken in turn, faces found ahead in a thread of their own."""
        lower_face = LowerFace(self.person, self.mouth)
        width, height = self.size
        with closing(prefetch(followed(to_and_fro(self.path, self.fps)), _WAITING_FRAMES)) as reel:

            def draw(motion: FaceMotion) -> Iterator[Frame]:
                for index in range(len(motion)):
                    seen = next(reel)
                    frame = seen.frame
                    if seen.landmarks is not None and seen.share > 0:
                        frame = lower_face.draw(frame, seen.landmarks, motion, index, seen.share)
                    yield np.ascontiguousarray(frame[:height, :width])

            yield draw

    def at(self, config: GenerateConfig) -> FilmedSubject:
        """The same: a video has its own size."""
        return replace(self, config=config)


def _check(path: Path, look: Look, face: float) -> None:
    if max(look.width, look.height) > LONGEST_SIDE:
        raise VideoError(
            f"The video '{path}' has {look.width}x{look.height} pixels, at most {LONGEST_SIDE} on the longer "
            "side can be written: scale it down."
        )
    if face < SMALLEST_FACE:
        raise FaceTooSmallError(
            f"The face in the video '{path}' is {face:.0f} pixels wide, {SMALLEST_FACE} are needed: "
            "give a video with the face closer."
        )
