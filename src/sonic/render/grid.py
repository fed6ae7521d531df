"""Regular grids over a picture, and smooth displacement fields that live on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from sonic.render.pixels import Array, remap

Indices: TypeAlias = npt.NDArray[np.intp]

# Where skin folds, a Newton step would run away; in cells of the grid, as is the step that no longer shows.
_LEAST_AREA, _LONGEST_STEP, _SETTLED = 0.2, 4.0, 0.03


@dataclass(frozen=True)
class Grid:
    """Sample points at the centres of `cols` x `rows` square cells that tile a rectangle of pixels.

    `x`, `y` are the top-left corner of the rectangle and `step` the side of a cell, in pixels. With centres
    as samples, `cv2.resize` of a field by `step` lands exactly on the pixels of the rectangle.
    """

    x: float
    y: float
    step: float
    cols: int
    rows: int

    @cached_property
    def points(self) -> Array:
        """Pixel coordinates of the samples, `[rows, cols, 2]`; the centre of pixel (0, 0) is (0, 0)."""
        columns = self.x + (np.arange(self.cols) + 0.5) * self.step - 0.5
        rows = self.y + (np.arange(self.rows) + 0.5) * self.step - 0.5
        return np.stack(np.meshgrid(columns, rows), axis=-1).astype(np.float32)

    def locate(self, points: Array) -> Array:
        """Fractional sample indices `[..., 2]` (column, row) of pixel coordinates `[..., 2]`."""
        offset = np.array([self.x - 0.5, self.y - 0.5], np.float32)
        located: Array = (points - offset) / np.float32(self.step) - np.float32(0.5)
        return located

    def place(self, located: Array) -> Array:
        """Pixel coordinates of fractional sample indices: the opposite of `locate`."""
        placed: Array = (located + np.float32(0.5)) * np.float32(self.step) + np.array(
            [self.x - 0.5, self.y - 0.5], np.float32
        )
        return placed


class VertexField:
    """Piecewise-linear interpolation from mesh vertices to the samples of a grid; zero outside the mesh."""

    def __init__(self, vertices: Array, triangles: npt.NDArray[np.int32], grid: Grid) -> None:
        self.grid = grid
        count = grid.rows * grid.cols
        self.index = np.zeros((count, 3), np.int32)
        self.weight = np.zeros((count, 3), np.float32)
        located = grid.locate(vertices[:, :2].astype(np.float32))
        ordered = triangles[_front_first(located, triangles)]
        owner, column, row = _candidates(located[ordered], grid)
        weights = _barycentric(located[ordered[owner]], column, row)
        inside = (weights >= -1e-4).all(1)
        # Where triangles share an edge, the one drawn last has the sample.
        samples = (row * grid.cols + column)[inside]
        self.index[samples] = ordered[owner[inside]]
        self.weight[samples] = weights[inside]

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        """Which samples `[rows, cols]` lie on the mesh."""
        on_mesh: npt.NDArray[np.bool_] = self.weight.sum(1) > 0
        return on_mesh.reshape(self.grid.rows, self.grid.cols)

    def __call__(self, values: Array) -> Array:
        """Interpolate vertex values `[V, C]` to `[rows, cols, C]`."""
        return self._interpolate(values).reshape(self.grid.rows, self.grid.cols, -1)

    def _interpolate(self, values: Array) -> Array:
        spread = values.take(self.index[:, 0], axis=0) * self.weight[:, :1]
        spread += values.take(self.index[:, 1], axis=0) * self.weight[:, 1:2]
        spread += values.take(self.index[:, 2], axis=0) * self.weight[:, 2:]
        return spread


@dataclass(frozen=True)
class Tie:
    """Samples of a grid that follow a line of vertices instead of their own triangle.

    `samples` `[n]` are flat sample numbers; each moves as `1 - share` of vertex `start` and `share` of `end`.
    """

    samples: npt.NDArray[np.intp]
    start: npt.NDArray[np.int32]
    end: npt.NDArray[np.int32]
    share: Array

    def apply(self, field: Array, values: Array) -> Array:
        """The field `[rows, cols, C]` with the tied samples taken from the vertex values `[V, C]`."""
        tied = field.reshape(-1, field.shape[-1]).copy()
        share = self.share[:, None]
        tied[self.samples] = values[self.start] * (1 - share) + values[self.end] * share
        return tied.reshape(field.shape)


def invert(displacement: Array, source: Grid, target: Grid, iterations: int = 4) -> Array:
    """Where each target sample comes from, `[rows, cols, 2]`, under a forward displacement given on `source`.

    Solves `u + displacement(u) = y` for every target sample y by fixed-point iteration. Fast, and right where
    the displacement stretches by less than a factor of two.
    """
    cells = displacement * np.float32(1 / source.step)
    start = source.locate(target.points)
    where = start
    for _ in range(iterations):
        where = start - remap(cells, where)
    return source.place(where)


def invert_steep(displacement: Array, source: Grid, target: Grid, iterations: int = 4) -> Array:
    """The same by Newton's method, for skin that stretches to several times its size, as lids and lips do."""
    cells = displacement * np.float32(1 / source.step)
    by_x = cv2.Sobel(cells, cv2.CV_32F, 1, 0, ksize=1, scale=0.5)
    by_y = cv2.Sobel(cells, cv2.CV_32F, 0, 1, ksize=1, scale=0.5)
    slopes = np.concatenate([by_x, by_y], axis=2)
    goal = source.locate(target.points)
    where = goal - remap(cells, goal)
    for _ in range(iterations):
        error_x, error_y = cv2.split(where + remap(cells, where) - goal)
        xx, yx, xy, yy = cv2.split(remap(slopes, where))
        xx += 1
        yy += 1
        area = np.maximum(xx * yy - xy * yx, _LEAST_AREA)
        step = cv2.merge([(yy * error_x - xy * error_y) / area, (xx * error_y - yx * error_x) / area])
        where -= np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        if max(step.max(), -step.min()) < _SETTLED:
            break
    return source.place(where)


def _front_first(located: Array, triangles: npt.NDArray[np.int32]) -> npt.NDArray[np.intp]:
    """Draw order: large triangles first, so that small ones (lips, lids) keep samples at shared edges."""
    a, b, c = located[triangles[:, 0]], located[triangles[:, 1]], located[triangles[:, 2]]
    area = np.abs((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))
    return np.argsort(-area)


def _candidates(corners: Array, grid: Grid) -> tuple[Indices, Indices, Indices]:
    """Every sample in the box around each triangle `[n, 3, 2]`: triangle, column and row, `[m]` each."""
    low = np.maximum(np.ceil(corners.min(1)).astype(np.intp), 0)
    high = np.minimum(np.floor(corners.max(1)).astype(np.intp), [grid.cols - 1, grid.rows - 1])
    width, height = np.maximum(high - low + 1, 0).T
    counts = width * height
    owner = np.repeat(np.arange(len(corners)), counts)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    row, column = np.divmod(place, width[owner])
    return owner, column + low[owner, 0], row + low[owner, 1]


def _barycentric(corners: Array, x: Indices, y: Indices) -> Array:
    """Weights `[m, 3]` of the corners `[m, 3, 2]` of triangles at a point each; NaN where one has no area."""
    (ax, ay), (bx, by), (cx, cy) = corners.astype(np.float64).transpose(1, 2, 0)
    area = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy)
    area = np.where(np.abs(area) < 1e-9, np.nan, area)
    first = ((by - cy) * (x - cx) + (cx - bx) * (y - cy)) / area
    second = ((cy - ay) * (x - cx) + (ax - cx) * (y - cy)) / area
    return np.stack([first, second, 1 - first - second], 1).astype(np.float32)
