"""Keeps the latest portraits ready, for the recordings that come after."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from sonic.media.image import load_image
from sonic.subject import PortraitSubject

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sonic.config import GenerateConfig
    from sonic.face.points import FacePoints
    from sonic.media.image import ImageInput
    from sonic.motion.space import MotionSpace
    from sonic.progress import Reporter
    from sonic.render.mouth_network import MouthNetwork


@dataclass(frozen=True)
class _Wish:
    """What a portrait's analysis and layers depend on; wishes that are equal get the same ones."""

    pixels: str  # SHA-256
    expand_ratio: float
    face_index: int | None
    places: tuple[tuple[str, tuple[float, float]], ...]
    resolution: int
    crop: str
    restore: str
    image: NDArray[np.uint8] = field(compare=False, repr=False)
    config: GenerateConfig = field(compare=False, repr=False)
    face_points: FacePoints | None = field(compare=False, repr=False)
    reporter: Reporter = field(compare=False, repr=False)


class PortraitShelf:
    """Analyses portraits and builds their layers, or takes them off the shelf.

    Args:
        space: the model's motion space.
        mouth: how mouths look inside.
        keep: how many of the latest stay in memory, some ten to a hundred megabytes each; 0 keeps none.
    """

    def __init__(self, space: MotionSpace, mouth: MouthNetwork, *, keep: int) -> None:
        self._space = space
        self._mouth = mouth
        self._recall = lru_cache(maxsize=keep)(self._make)

    def subject(
        self,
        image: ImageInput,
        config: GenerateConfig,
        reporter: Reporter,
        face_points: FacePoints | None = None,
    ) -> PortraitSubject:
        """The portrait in `image`, ready to be drawn as `config` says; raises what is wrong with it."""
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
            restore=config.restore,
            image=picture,
            config=config,
            face_points=face_points,
            reporter=reporter,
        )
        return replace(self._recall(wish), config=config)

    def _make(self, wish: _Wish) -> PortraitSubject:
        subject = PortraitSubject.of(wish.image, wish.config, self._space, self._mouth, wish.face_points)
        if not subject.wants_restoring:
            return subject
        wish.reporter.end()
        work = subject.restoration()
        wish.reporter.begin("restore", work.steps)
        return subject.with_detail(work.run(wish.reporter.step))
