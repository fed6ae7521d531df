"""Head and expression as one smooth warp of the animated crop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.motion.easing import smoothstep
from sonic.render.grid import Grid, VertexField, invert
from sonic.render.pixels import Window, blur, remap, resize

if TYPE_CHECKING:
    from sonic.render.pixels import Array, Picture
    from sonic.render.rig import FaceRig, PosedFace

CHIN = 152
NECK_FADE = (-0.05, 1.25)  # eye distances below the chin between which the head's motion dies out
SIDE_FADE = (3.4, 5.0)  # eye distances from the head's middle, sideways and upwards
BORDER_FADE = 0.06  # share of the crop
REACH = 0.5  # eye distances that the head's outline can move, turn and shift together
DEPTH_BLUR = 0.09  # eye distances; a step in depth at the face's outline would tear when the head turns


class HeadWarp:
    """Forward displacement of every grid sample for a posed face, on any grid over the crop.

    The head is rigid and has depth: mesh vertices bring their own, everything outside lies in the plane of
    the head's outline. Below the chin the motion fades out, so that neck and hair bend and shoulders rest.
    """

    def __init__(self, rig: FaceRig, grid: Grid, still: Array) -> None:
        self.rig, self.grid = rig, grid
        self.field = VertexField(rig.vertices, rig.triangles, grid)
        points = grid.points
        depth = np.where(
            self.field.covered, self.field(rig.camera[:, 2:])[..., 0], np.float32(rig.skull_depth)
        )
        depth = blur(depth.astype(np.float32), DEPTH_BLUR * rig.unit / grid.step)
        flat = points - rig.origin[:2]
        self.flat = flat.astype(np.float32)
        self.rest = np.concatenate([flat, depth[..., None]], axis=2).astype(np.float32)
        weight = _head_weight(rig, self.rest) * remap(still, points)
        self.weight = weight[..., None].astype(np.float32)

    def displacement(self, posed: PosedFace, expression: Array | None = None) -> Array:
        """Where the samples go: forward displacement `[rows, cols, 2]` in pixels.

        `expression` `[rows, cols, 3]` replaces the mesh's own camera-frame offsets.
        """
        offset = self.field(posed.expression) if expression is None else expression
        turn = np.ascontiguousarray(posed.rotation.T[:, :2])
        moved = (self.rest + offset).reshape(-1, 3) @ turn + posed.shift
        displaced: Array = self.weight * (moved.reshape(self.flat.shape) - self.flat)
        return displaced


class CropWarp:
    """The backward map of all that can move: which source pixel each target pixel shows.

    Args:
        rig: the portrait's mesh.
        still: weight of the motion near the crop's border, `[size, size]`.
        cover: the moving layer's alpha, uint8 `[size, size]`; where it is zero there is nothing to move.
        cells: samples of the warp along the crop's side.
    """

    def __init__(self, rig: FaceRig, still: Array, cover: Picture, cells: int = 128) -> None:
        size = len(still)
        step = max(2, round(size / cells))
        count = -(-size // step)
        self.grid = Grid(0.0, 0.0, step, count, count)
        self.head = HeadWarp(rig, self.grid, still)
        self.window = self._moving(cover, round(REACH * rig.unit))
        # One more cell on every side, so that pixels of the border cells lie between samples too.
        cols, rows = -(-self.window.width // step) + 2, -(-self.window.height // step) + 2
        self.target = Grid(self.window.x - step, self.window.y - step, step, cols, rows)

    def _moving(self, cover: Picture, reach: int) -> Window:
        """The smallest window that the moving layer never leaves."""
        size = len(cover)
        weight = resize(np.ascontiguousarray(self.head.weight[..., 0]), size, size)
        moving = (weight > 0) & (cover > 0)
        columns, rows = np.flatnonzero(moving.any(0)), np.flatnonzero(moving.any(1))
        x0, y0 = max(0, int(columns[0]) - reach), max(0, int(rows[0]) - reach)
        x1, y1 = min(size, int(columns[-1]) + reach + 1), min(size, int(rows[-1]) + reach + 1)
        return Window(x0, y0, x1 - x0, y1 - y0)

    def backward(self, posed: PosedFace) -> Array:
        """Source coordinates `[height, width, 2]` of every pixel of the window."""
        coarse = invert(self.head.displacement(posed), self.grid, self.target)
        step = round(self.target.step)
        fine = resize(coarse, self.target.cols * step, self.target.rows * step)
        return fine[step : step + self.window.height, step : step + self.window.width]


def still_border(size: int, open_sides: tuple[bool, bool, bool, bool]) -> Array:
    """Weight `[size, size]` that fades to zero at the crop's border, so that pasting back shows no seam.

    `open_sides` (left, top, right, bottom) are borders of the picture itself: nothing lies beyond them, so
    they may move.
    """
    left, top, right, bottom = open_sides
    ramp = smoothstep(np.arange(size, dtype=np.float32) / max(1.0, BORDER_FADE * size))
    ones = np.ones(size, np.float32)
    across = (ones if left else ramp) * (ones if right else ramp[::-1])
    down = (ones if top else ramp) * (ones if bottom else ramp[::-1])
    return np.outer(down, across).astype(np.float32)


def _head_weight(rig: FaceRig, rest: Array) -> Array:
    """Share of the head's motion `[rows, cols]` at camera points `rest` about the head's origin."""
    head = (rest / np.float32(rig.unit)) @ rig.rotation
    below = (head[..., 1] - rig.shape[CHIN, 1] - NECK_FADE[0]) / (NECK_FADE[1] - NECK_FADE[0])
    away = np.hypot(head[..., 0], np.minimum(head[..., 1], 0) * 0.8)
    beside = (away - SIDE_FADE[0]) / (SIDE_FADE[1] - SIDE_FADE[0])
    return (1 - smoothstep(below)) * (1 - smoothstep(beside))
