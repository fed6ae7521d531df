"""Portraits made ready to be drawn; the latest few are kept for the recordings that come after."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from sonic.face.check import inspect_portrait, refuse
from sonic.face.points import FacePoints
from sonic.face.portrait import analyse_portrait
from sonic.media.image import load_image
from sonic.render.renderer import Renderer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sonic.config import GenerateConfig
    from sonic.face.checks.report import PortraitReport
    from sonic.face.portrait import Portrait
    from sonic.media.image import ImageInput
    from sonic.motion.space import MotionSpace
    from sonic.render.mouth_network import MouthNetwork


@dataclass(frozen=True)
class PreparedPortrait:
    """One face of a picture, what the check says of it, and its layers; any number of videos may use it."""

    portrait: Portrait
    report: PortraitReport
    renderer: Renderer


@dataclass(frozen=True)
class _Wish:
    """What a prepared portrait depends on; two that are equal get the same one."""

    pixels: str  # SHA-256
    expand_ratio: float
    face_index: int | None
    places: tuple[tuple[str, tuple[float, float]], ...]
    resolution: int
    crop: str
    image: NDArray[np.uint8] = field(compare=False, repr=False)

    @property
    def face_points(self) -> FacePoints | None:
        return FacePoints(dict(self.places)) if self.places else None


class PortraitPreparer:
    """Analyses portraits and builds their layers, which takes about a second each.

    Args:
        space: the model's motion space.
        mouth: how mouths look inside.
        keep: how many of the latest stay in memory, some ten to a hundred megabytes each; 0 keeps none.
    """

    def __init__(self, space: MotionSpace, mouth: MouthNetwork, *, keep: int) -> None:
        self._space = space
        self._mouth = mouth
        self._recall = lru_cache(maxsize=keep)(self._make)

    def prepare(
        self, image: ImageInput, config: GenerateConfig, face_points: FacePoints | None
    ) -> PreparedPortrait:
        """The portrait in `image`, ready to be drawn as `config` says; raises what is wrong with it.

        Whoever places `face_points` by hand has seen the mouth: the check does not refuse it then.
        """
        picture = load_image(image)
        digest = hashlib.sha256(repr(picture.shape).encode())
        digest.update(picture.data)
        wish = _Wish(
            pixels=digest.hexdigest(),
            expand_ratio=config.expand_ratio,
            face_index=config.face_index,
            places=() if face_points is None else tuple(face_points.places.items()),
            resolution=config.resolution,
            crop=config.crop,
            image=picture,
        )
        return self._recall(wish)

    def redraw(self, prepared: PreparedPortrait, config: GenerateConfig) -> PreparedPortrait:
        """The same portrait with layers for another resolution or crop."""
        renderer = self._renderer(prepared.portrait, prepared.report, config.resolution, config.crop)
        return PreparedPortrait(prepared.portrait, prepared.report, renderer)

    def _make(self, wish: _Wish) -> PreparedPortrait:
        portrait = analyse_portrait(
            wish.image,
            expand_ratio=wish.expand_ratio,
            face_index=wish.face_index,
            face_points=wish.face_points,
        )
        report = inspect_portrait(portrait, chosen=wish.face_index is not None)
        if not wish.places:
            refuse(report)
        return PreparedPortrait(
            portrait, report, self._renderer(portrait, report, wish.resolution, wish.crop)
        )

    def _renderer(self, portrait: Portrait, report: PortraitReport, resolution: int, crop: str) -> Renderer:
        return Renderer(
            portrait,
            self._space,
            resolution=resolution,
            crop=crop,
            mouth=self._mouth,
            eyewear=report.eyewear,
        )
