"""Regular grids over a picture, and smooth displacement fields that live on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

_LEAST_AREA = np.float32(0.2)  # where skin folds, a Newton step would run away


@dataclass(frozen=True)
class Grid:
    """Sample points at the centres of `cols` x `rows` square cells that tile a rectangle of pixels.

    `x`, `y` are the top-left corner of the rectangle and `step` the side of a cell, in pixels. With centres as
    samples, `cv2.resize` of a field by `step` lands exactly on the pixels of the rectangle.
    """

    x: float
    y: float
    step: float
    cols: int
    rows: int

    @cached_property
    def points(self) -> Array:
        """Pixel coordinates of the samples, float32 `[rows, cols, 2]`; the centre of pixel (0, 0) is (0, 0)."""
        columns = self.x + (np.arange(self.cols) + 0.5) * self.step - 0.5
        rows = self.y + (np.arange(self.rows) + 0.5) * self.step - 0.5
        return np.stack(np.meshgrid(columns, rows), axis=-1).astype(np.float32)

    def locate(self, points: Array) -> Array:
        """Fractional sample indices `[..., 2]` (column, row) of pixel coordinates `[..., 2]`."""
        offset = np.float32([self.x - 0.5, self.y - 0.5])
        located: Array = (points - offset) / np.float32(self.step) - np.float32(0.5)
        return located


class VertexField:
    """Piecewise-linear interpolation from mesh vertices to the samples of a grid; zero outside the mesh."""

    def __init__(self, vertices: Array, triangles: npt.NDArray[np.int32], grid: Grid) -> None:
        self.grid = grid
        count = grid.rows * grid.cols
        self.index = np.zeros((count, 3), np.int32)
        self.weight = np.zeros((count, 3), np.float32)
        located = grid.locate(vertices[:, :2].astype(np.float32))
        for triangle in triangles[_front_first(located, triangles)]:
            self._fill(triangle, located[triangle])

    def _fill(self, triangle: npt.NDArray[np.int32], corners: Array) -> None:
        low = np.maximum(np.ceil(corners.min(0)).astype(int), 0)
        high = np.minimum(np.floor(corners.max(0)).astype(int), [self.grid.cols - 1, self.grid.rows - 1])
        if (high < low).any():
            return
        x, y = np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1))
        weights = _barycentric(corners, x.ravel(), y.ravel())
        if weights is None:
            return
        inside = (weights >= -1e-4).all(1)
        samples = (y.ravel() * self.grid.cols + x.ravel())[inside]
        self.index[samples] = triangle
        self.weight[samples] = weights[inside]

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        """Which samples `[rows, cols]` lie on the mesh."""
        return (self.weight.sum(1) > 0).reshape(self.grid.rows, self.grid.cols)

    def follow(self, samples: npt.NDArray[np.bool_], index: npt.NDArray[np.int32], weight: Array) -> None:
        """Tie the `samples` `[rows, cols]` to other vertices (`index`, `weight`: `[n, 3]`)."""
        flat = samples.ravel()
        self.index[flat] = index
        self.weight[flat] = weight

    def __call__(self, values: Array) -> Array:
        """Interpolate vertex values `[V, C]` to `[rows, cols, C]`."""
        spread = np.einsum("nk,nkc->nc", self.weight, values[self.index], optimize=False)
        return spread.reshape(self.grid.rows, self.grid.cols, -1).astype(np.float32, copy=False)


def invert(displacement: Array, source: Grid, target: Grid, iterations: int = 4) -> Array:
    """Backward displacement `[rows, cols, 2]` on `target` of a forward displacement given on `source`.

    Solves `u + displacement(u) = y` for every target sample y by fixed-point iteration and returns `u - y`. Fast,
    and right where the displacement stretches by less than a factor of two.
    """
    backward = np.zeros((target.rows, target.cols, 2), np.float32)
    for _ in range(iterations):
        backward = -_sample(displacement, source.locate(target.points + backward))
    return backward


def invert_steep(displacement: Array, source: Grid, target: Grid, iterations: int = 6) -> Array:
    """The same by Newton's method, for skin that stretches to several times its size, as lids and lips do."""
    by_x = np.gradient(displacement, source.step, axis=1)
    by_y = np.gradient(displacement, source.step, axis=0)
    slopes = np.concatenate([by_x, by_y], axis=2).astype(np.float32)
    backward = -_sample(displacement, source.locate(target.points))
    limit = np.float32(4 * source.step)
    for _ in range(iterations):
        where = source.locate(target.points + backward)
        error = backward + _sample(displacement, where)
        xx, yx, xy, yy = cv2.split(_sample(slopes, where))
        xx, yy = xx + 1, yy + 1
        area = np.maximum(xx * yy - xy * yx, _LEAST_AREA)
        step_x = (yy * error[..., 0] - xy * error[..., 1]) / area
        step_y = (xx * error[..., 1] - yx * error[..., 0]) / area
        backward -= np.clip(np.stack([step_x, step_y], axis=-1), -limit, limit)
    return backward


def _sample(field: Array, where: Array) -> Array:
    return cv2.remap(field, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _front_first(located: Array, triangles: npt.NDArray[np.int32]) -> npt.NDArray[np.intp]:
    """Draw order: larger triangles first, so that small ones (lips, lids) keep their samples at shared edges."""
    a, b, c = located[triangles[:, 0]], located[triangles[:, 1]], located[triangles[:, 2]]
    area = np.abs((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))
    return np.argsort(-area)


def _barycentric(corners: Array, x: npt.NDArray[np.int_], y: npt.NDArray[np.int_]) -> Array | None:
    (ax, ay), (bx, by), (cx, cy) = corners.astype(np.float64)
    area = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy)
    if abs(area) < 1e-9:
        return None
    first = ((by - cy) * (x - cx) + (cx - bx) * (y - cy)) / area
    second = ((cy - ay) * (x - cx) + (ax - cx) * (y - cy)) / area
    return np.stack([first, second, 1 - first - second], 1).astype(np.float32)
