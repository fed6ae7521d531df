"""A mood for the face: a mild displacement of mouth, brows and lids that leaves closed lips closed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sonic.face.topology import CHIN, MOUTH_CORNERS
from sonic.motion.mouth import lip_gaps
from sonic.motion.regions import EYES

if TYPE_CHECKING:
    from sonic.motion.head import Array
    from sonic.motion.space import FaceMotion, MotionSpace

Wishes: TypeAlias = "dict[int, tuple[float, float]]"  # points and where they want to go: right and down, IOD

CHEEKS = (50, 280)  # right, left
BROW_POINTS = (107, 336, 105, 334, 70, 300)  # inner ends, middles, outer ends; right, left
_EFFORT = 4e-4  # IOD^2; how much a spread of a coefficient costs beside a miss at the points
_SKIN = 0.16  # IOD; how far skin is pulled along
_SEALED = 10.0  # weight of lip gaps that must not open


@dataclass(frozen=True)
class Mood:
    """Where a mood at full intensity moves the right half of a face; the left half mirrors it.

    Attributes:
        corner: of the mouth, outwards and down, IOD.
        cheek: outwards and down, IOD.
        inner_brow, brow, outer_brow: outwards and down, IOD.
        lids: added closure; below 0 the eyes are wide.
    """

    corner: tuple[float, float] = (0.0, 0.0)
    cheek: tuple[float, float] = (0.0, 0.0)
    inner_brow: tuple[float, float] = (0.0, 0.0)
    brow: tuple[float, float] = (0.0, 0.0)
    outer_brow: tuple[float, float] = (0.0, 0.0)
    lids: float = 0.0


# After the action units of the Facial Action Coding System (Ekman and Friesen 1978).
MOODS = {
    "neutral": Mood(),
    # cheek raiser, lip corner puller
    "happy": Mood(corner=(0.07, -0.06), cheek=(0.01, -0.04), brow=(0.0, -0.01), lids=0.12),
    # inner brow raiser, brow lowerer, lip corner depressor
    "sad": Mood(corner=(-0.01, 0.05), inner_brow=(-0.01, -0.06), outer_brow=(0.0, 0.02), lids=0.15),
    # brow lowerer, lid tightener, lip tightener
    "angry": Mood(corner=(-0.03, 0.02), inner_brow=(-0.03, 0.06), brow=(-0.01, 0.05), lids=0.1),
    # brow raisers, upper lid raiser
    "surprised": Mood(
        corner=(-0.03, 0.01), inner_brow=(0.0, -0.08), brow=(0.0, -0.09), outer_brow=(0.0, -0.07), lids=-0.25
    ),
    # brow raisers and lowerer together, upper lid raiser, lip stretcher
    "fearful": Mood(
        corner=(0.06, 0.02), inner_brow=(-0.02, -0.08), brow=(0.0, -0.05), outer_brow=(0.0, -0.01), lids=-0.2
    ),
    # nose wrinkler, brow lowerer
    "disgusted": Mood(
        corner=(-0.01, 0.03), cheek=(0.0, -0.03), inner_brow=(-0.02, 0.04), brow=(0.0, 0.03), lids=0.15
    ),
}


@dataclass(frozen=True)
class Expression:
    """What a mood adds to a face: displacements [478, 3], IOD, head frame, and closure of the lids."""

    displacement: Array
    lids: float

    @classmethod
    def of(cls, mood: str, intensity: float, space: MotionSpace) -> Expression:
        """One of MOODS, at an intensity of 0 to 1."""
        chosen = MOODS[mood]
        lips = dict(zip((*MOUTH_CORNERS, *CHEEKS), _both(chosen.corner, chosen.cheek), strict=True))
        lips[CHIN] = (0.0, 0.0)
        brows = dict(zip(BROW_POINTS, _both(chosen.inner_brow, chosen.brow, chosen.outer_brow), strict=True))
        displacement = _mouth_shape(lips, space.mouth_basis) + _brow_shape(brows, space.template)
        return cls((intensity * displacement).astype(np.float32), intensity * chosen.lids)

    def on(self, motion: FaceMotion) -> FaceMotion:
        """Face movement that wears it; shut eyes stay shut."""
        lids = motion.lids + self.lids * (1 - np.clip(motion.lids, 0, 1))
        return replace(motion, displacement=motion.displacement + self.displacement, lids=lids)


def _both(*right: tuple[float, float]) -> list[tuple[float, float]]:
    """Displacements (x right, y down) of right and left points in turn; the right side lies on the left."""
    return [side for outwards, down in right for side in ((-outwards, down), (outwards, down))]


def _mouth_shape(wanted: Wishes, basis: Array) -> Array:
    """Movement [478, 3] of the mouth that brings points nearest to the wish; closed lips stay closed."""
    gaps = _SEALED * lip_gaps(basis)
    rows = np.concatenate([basis[:, list(wanted), :2].reshape(len(basis), -1), gaps], axis=1)
    targets = np.pad(np.array(list(wanted.values()), np.float32).ravel(), (0, gaps.shape[1]))
    gram = rows @ rows.T + _EFFORT * np.eye(len(basis), dtype=np.float32)
    return np.tensordot(np.linalg.solve(gram, rows @ targets), basis, 1)


def _brow_shape(wanted: Wishes, template: Array) -> Array:
    """Skin [478, 3] pulled along by points of the brows, less with distance; the eyes stay.

    Brows that speech moves go up and down as a whole, so that a basis learned from it has no worried ones.
    """
    towards = template[:, None, :2] - template[list(wanted), :2]
    pull = np.exp(-0.5 * (np.linalg.norm(towards, axis=-1) / _SKIN) ** 2)  # 478, points
    share = pull / np.maximum(pull.sum(1, keepdims=True), 1)
    displacement = np.zeros_like(template)
    displacement[:, :2] = share @ np.array(list(wanted.values()), np.float32)
    displacement[EYES] = 0
    return displacement
