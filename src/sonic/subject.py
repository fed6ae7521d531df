"""Who speaks in a video: a still portrait, drawn in any pose. A filmed person is in `sonic.dubbing`."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from sonic.face.check import inspect_portrait, refuse
from sonic.face.portrait import analyse_portrait
from sonic.media.image import load_image
from sonic.motion.expression import Expression
from sonic.render.renderer import Renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import TypeAlias

    from sonic.config import GenerateConfig
    from sonic.face.checks.report import PortraitReport
    from sonic.face.points import FacePoints
    from sonic.face.portrait import Portrait
    from sonic.media.film import Frame
    from sonic.media.image import ImageInput
    from sonic.motion.head import Array
    from sonic.motion.space import FaceMotion, MotionSpace
    from sonic.render.mouth_network import MouthNetwork

    Draw: TypeAlias = Callable[[FaceMotion], Iterator[Frame]]

LEAST_OF_WISHED = 0.85  # of min_resolution; pictures about as large as asked for keep their own size
SAID_BETTER = ("small_face",)  # findings that are said again beside the options


class Subject(Protocol):
    """Whoever speaks."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames in pixels; both even."""

    @property
    def fps(self) -> float:
        """Frames a second."""

    @property
    def eyewear(self) -> str:
        """What is in front of the eyes: none, glasses or sunglasses."""

    def warnings(self) -> Iterator[str]:
        """What will be worse than it could be, and which options do nothing here."""

    def face(self, motion: Array) -> FaceMotion:
        """Movement of this face from motion vectors `[T, dim]`."""

    def drawing(self) -> AbstractContextManager[Draw]:
        """Begin a video: gives what draws the frames of one stretch of movement after the other."""

    def at(self, config: GenerateConfig) -> Subject:
        """The same subject drawn as `config` says."""


@dataclass(frozen=True)
class PortraitSubject:
    """A portrait with its layers."""

    config: GenerateConfig
    portrait: Portrait
    report: PortraitReport
    space: MotionSpace
    mouth: MouthNetwork
    renderer: Renderer

    @classmethod
    def of(
        cls,
        image: ImageInput,
        config: GenerateConfig,
        space: MotionSpace,
        mouth: MouthNetwork,
        face_points: FacePoints | None = None,
    ) -> PortraitSubject:
        """Analyse and check a picture; raises what is wrong with it.

        Whoever places `face_points` by hand has seen the mouth: the check does not refuse it then.
        """
        portrait = analyse_portrait(
            load_image(image),
            expand_ratio=config.expand_ratio,
            face_index=config.face_index,
            face_points=face_points,
        )
        report = inspect_portrait(portrait, chosen=config.face_index is not None)
        if face_points is None:
            refuse(report)
        renderer = _renderer(portrait, report, config, space, mouth)
        return cls(config, portrait, report, space, mouth, renderer)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames in pixels; both even."""
        return self.renderer.size

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self.config.fps

    @property
    def eyewear(self) -> str:
        """What is in front of the eyes: none, glasses or sunglasses."""
        return self.report.eyewear

    def warnings(self) -> Iterator[str]:
        """What the options, the check and the picture's size make worse than it could be."""
        yield from self.config.advice()
        for finding in self.report.findings:
            if finding.severity != "info" and finding.code not in SAID_BETTER:
                yield finding.advice
        wished, side = self.config.resolution, self.renderer.canvas.side
        if self.portrait.crop.size < wished / 2:
            yield (
                f"The head has only {self.portrait.crop.size:.0f} pixels in the portrait: "
                f"at min_resolution {wished} it looks soft."
            )
        if side < LEAST_OF_WISHED * wished:
            yield (
                f"The head is drawn at {side} pixels instead of min_resolution {wished}, because "
                "the whole picture would become too large to play: crop 'face' draws it as asked."
            )

    def face(self, motion: Array) -> FaceMotion:
        """Movement of this face from motion vectors `[T, dim]`, with its mood."""
        expression = Expression.of(self.config.emotion, self.config.intensity, self.space)
        if self.eyewear == "sunglasses":
            expression = replace(expression, lids=0.0)
        return expression.on(self.space.decode(motion, self.space.neutral(self.portrait.landmarks)))

    @contextmanager
    def drawing(self) -> Iterator[Draw]:
        """Begin a video; frames do not depend on each other."""

        def draw(motion: FaceMotion) -> Iterator[Frame]:
            return (self.renderer.render(motion, index) for index in range(len(motion)))

        yield draw

    def at(self, config: GenerateConfig) -> PortraitSubject:
        """The same portrait in another resolution or crop."""
        renderer = _renderer(self.portrait, self.report, config, self.space, self.mouth)
        return replace(self, config=config, renderer=renderer)


def _renderer(
    portrait: Portrait,
    report: PortraitReport,
    config: GenerateConfig,
    space: MotionSpace,
    mouth: MouthNetwork,
) -> Renderer:
    return Renderer(
        portrait,
        space,
        resolution=config.resolution,
        crop=config.crop,
        mouth=mouth,
        eyewear=report.eyewear,
    )
