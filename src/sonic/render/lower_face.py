"""Redraws mouth and jaw of a face in a frame of video, out of the frame's own pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.face.topology import FACE_OVAL
from sonic.motion.easing import smoothstep
from sonic.render.canvas import pasted, region
from sonic.render.grid import Grid, invert
from sonic.render.mouth import MouthInterior
from sonic.render.mouth_colours import lip_colour, skin_colour
from sonic.render.pixels import remap, resize
from sonic.render.renderer import MOUTH_EDGES, MOUTH_REACH
from sonic.render.rig import FaceRig
from sonic.render.slit import Slit
from sonic.render.warp import HeadWarp, still_border

if TYPE_CHECKING:
    from sonic.motion.space import FaceMotion
    from sonic.render.mouth_network import MouthNetwork
    from sonic.render.pixels import Array, Picture
    from sonic.render.rig import Head, PosedFace

ROOM = 1.9  # of the face's size: how far skin around it may be pulled along
LOWER_FROM, LOWER_TO = 0.15, 0.5  # eye distances below the eyes between which the filmed face gives way
_CELLS = 110  # samples of the warp along the square's side
_STEADY = 0.85  # share of the colours kept from frame to frame: light changes slowly


class LowerFace:
    """Redraws the mouth of one person, frame after frame; colours of lips and skin are followed in between.

    Args:
        head: the person's face, with its own speech taken out.
        mouth: how mouths look inside; a plain rule if not given.
    """

    def __init__(self, head: Head, mouth: MouthNetwork | None = None) -> None:
        self._head, self._mouth = head, mouth
        self._interior: MouthInterior | None = None

    def draw(self, frame: Picture, landmarks: Array, motion: FaceMotion, index: int, share: float) -> Picture:
        """The frame `[H, W, 3]` with the mouth of frame `index` of the motion.

        Args:
            frame: as it was filmed, uint8 RGB; it stays as it is.
            landmarks: of its face, `[478, 3]` pixels.
            motion: displacements of mouth and jaw; lids, gaze and head are the frame's own.
            index: which of them.
            share: of the redrawn mouth beside the filmed one, 0..1.
        """
        x, y, side = _square(landmarks)
        filmed = np.ascontiguousarray(region(frame, (x, y), (side, side)))
        rig = FaceRig(landmarks - np.array([x, y, 0], np.float32), self._head)
        spoken = self._speak(filmed, rig, rig.pose(motion, index))
        if share < 1:
            mixed = filmed + (spoken.astype(np.float32) - filmed) * np.float32(share)
            spoken = np.rint(mixed).astype(np.uint8)
        return pasted(frame, spoken, x, y)

    def _speak(self, filmed: Picture, rig: FaceRig, posed: PosedFace) -> Picture:
        still = still_border(len(filmed), (False, False, False, False)) * _below_eyes(rig, len(filmed))
        drawn = _warp(filmed, HeadWarp(rig, _grid(len(filmed)), still), posed)
        slit = Slit(rig, filmed, still, edges=MOUTH_EDGES, reach=MOUTH_REACH)
        slit.draw(drawn, posed, self._inside(rig, filmed))
        return drawn

    def _inside(self, rig: FaceRig, filmed: Picture) -> MouthInterior:
        if self._interior is None:
            self._interior = MouthInterior(rig, filmed, self._mouth)
            return self._interior
        before, points = self._interior, rig.vertices
        skin = _follow(before.skin, skin_colour(points, filmed, rig.unit))
        lips = _follow(before.lips, lip_colour(points, filmed, rig.unit))
        self._interior = before.worn_by(rig, skin, lips)
        return self._interior


def _square(landmarks: Array) -> tuple[int, int, int]:
    """Corner and side of the square around a face in which it is redrawn, pixels."""
    outline = landmarks[list(FACE_OVAL), :2]
    low, high = outline.min(0), outline.max(0)
    side = 2 * round(ROOM / 2 * float((high - low).max()))
    x, y = np.rint((low + high) / 2 - side / 2).astype(int).tolist()
    return x, y, side


def _below_eyes(rig: FaceRig, side: int) -> Array:
    """Weight `[side, side]` that leaves eyes and brows alone, 1 from the middle of the nose on."""
    down = rig.to_camera[:2, 1] / rig.unit**2
    x, y = (np.arange(side, dtype=np.float32) - middle for middle in rig.origin[:2])
    below = y[:, None] * down[1] + x * down[0]
    return smoothstep((below - LOWER_FROM) / (LOWER_TO - LOWER_FROM))


def _grid(side: int) -> Grid:
    step = max(2, round(side / _CELLS))
    count = -(-side // step)
    return Grid(0.0, 0.0, step, count, count)


def _warp(picture: Picture, head: HeadWarp, posed: PosedFace) -> Picture:
    grid, side = head.grid, len(picture)
    length = round(grid.cols * grid.step)
    moved = invert(head.displacement(posed), grid, grid) - grid.points  # nothing, at the square's border
    where = resize(moved, length, length)[:side, :side] + Grid(0.0, 0.0, 1.0, side, side).points
    return remap(picture, where, sharp=True)


def _follow(before: Array, now: Array) -> Array:
    return np.asarray(before * np.float32(_STEADY) + now * np.float32(1 - _STEADY), np.float32)
