"""One person in a video: how the face looks at rest, and each frame's face with its own speech taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonic.motion.head import fit_head
from sonic.motion.mouth import push_gaps
from sonic.motion.space import project

if TYPE_CHECKING:
    from sonic.motion.head import Array
    from sonic.motion.space import MotionSpace


@dataclass(frozen=True)
class Person:
    """What stays the same while somebody talks; serves a `FaceRig` in place of the average head.

    Attributes:
        template: the face as it mostly is, head frame, eye distances, [478, 3].
        closed: the same at rest with closed lips, [478, 3].
        space: bases of what mouths do.
    """

    template: Array
    closed: Array
    space: MotionSpace

    @classmethod
    def of(cls, landmarks: Array, space: MotionSpace) -> Person:
        """The person whose landmarks [T, 478, 3] a video shows."""
        _, points = fit_head(landmarks, space.template)
        return cls(np.median(points, axis=0).astype(np.float32), space.clip_neutral(points), space)

    def neutral(self, landmarks: Array) -> Array:
        """This frame's face [478, 3] in the head frame, with what its mouth does taken out and lips closed.

        Brows, lids and whatever else the frame's own stay as they are.
        """
        _, points = fit_head(landmarks[None], self.template)
        basis = self.space.mouth_basis
        spoken = project(points - self.closed, basis, self.space.importance)[0]
        return push_gaps(points[0] - np.tensordot(spoken, basis, 1), 0.0)
