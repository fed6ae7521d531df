"""An opening in the skin (mouth, eye): its two lips move apart and show what lies behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from sonic.motion.easing import smoothstep
from sonic.render.grid import Grid, Tie, invert_steep
from sonic.render.pixels import Window, blur, remap, resize
from sonic.render.warp import HeadWarp

if TYPE_CHECKING:
    import numpy.typing as npt

    from sonic.render.pixels import Array
    from sonic.render.rig import FaceRig, PosedFace

_SUBPIXEL_BITS = 4


class Interior(Protocol):
    """Paints what shows through an opening."""

    def paint(self, window: Window, posed: PosedFace, edges: Edges) -> Array:
        """Colours of the window's pixels, float32 `[height, width, 3]` in 0..255."""


@dataclass(frozen=True)
class Edges:
    """Upper and lower edge of an opening in a posed face, corner to corner, pixels `[n, 2]` each."""

    upper: Array
    lower: Array

    @classmethod
    def through(cls, upper: Array, lower: Array) -> Edges:
        """Smooth edges through a few points `[n, 2]` of each, whose ends are the shared corners."""
        return cls(_curve(upper), _curve(lower))

    @property
    def points(self) -> Array:
        """Both edges as one closed outline."""
        return np.concatenate([self.upper, self.lower[-2:0:-1]])

    def opening(self, window: Window) -> Array:
        """Coverage of the opening `[height, width]`, 0..1, anti-aliased."""
        return _fill(self.points, window)

    def below(self, window: Window) -> Array:
        """Coverage of everything on the lower side of the opening's middle line, `[height, width]`."""
        middle = (self.upper + self.lower) / 2
        far = float(window.width + window.height)
        axis = middle[-1] - middle[0]
        axis = axis / max(1e-6, float(np.hypot(*axis)))
        down = np.array([-axis[1], axis[0]], np.float32) * far
        line = np.concatenate([[middle[0] - axis * far], middle, [middle[-1] + axis * far]])
        return _fill(np.concatenate([line, [line[-1] + down, line[0] + down]]), window)


class Slit:
    """One opening of a portrait: warps the skin above and below it apart and lays the interior between.

    Args:
        rig: the portrait's mesh.
        picture: source pixels of the crop, uint8 `[size, size, 3]`.
        still: weight of the head's motion near the crop's border, `[size, size]`.
        edges: vertex numbers of the upper and the lower edge, from the left of the picture to its right; they
            share both corners.
        reach: how far around the opening skin is redrawn, in eye distances.
        rigid: width of the upper edge's band that moves without stretching (lashes), in eye distances.
        fineness: samples of the warp along the crop's side.
    """

    def __init__(
        self,
        rig: FaceRig,
        picture: npt.NDArray[np.uint8],
        still: Array,
        *,
        edges: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]],
        reach: float,
        rigid: float = 0.0,
        fineness: int = 280,
    ) -> None:
        self.picture = picture
        self.upper, self.lower = edges
        self.margin = reach * rig.unit
        self.step = max(1.0, picture.shape[0] / fineness)
        self.softness = picture.shape[0] / 900
        self.grid = self._source_grid(rig)
        self.head = HeadWarp(rig, self.grid, still)
        self.above = self._split(rig, self.upper, beneath=True, band=rigid * rig.unit)
        self.below = self._split(rig, self.lower, beneath=False, band=0.0)

    def _source_grid(self, rig: FaceRig) -> Grid:
        points = rig.vertices[np.concatenate([self.upper, self.lower])]
        low, high = points.min(0) - 1.3 * self.margin, points.max(0) + 1.3 * self.margin
        cols, rows = np.ceil((high - low) / self.step).astype(int)
        return Grid(float(low[0]), float(low[1]), self.step, int(cols), int(rows))

    def _split(self, rig: FaceRig, edge: npt.NDArray[np.int32], *, beneath: bool, band: float) -> Tie:
        """Continue the mesh's field across the opening by what its edge does, on the edge's far side."""
        curve = rig.vertices[edge]
        axis = (curve[-1] - curve[0]) / np.linalg.norm(curve[-1] - curve[0])
        normal = np.array([-axis[1], axis[0]], np.float32)
        relative = self.grid.points - curve[0]
        along, across = relative @ axis, relative @ normal
        knots = np.maximum.accumulate((curve - curve[0]) @ axis)
        height = np.interp(along, knots, (curve - curve[0]) @ normal)
        # The band tapers towards the corners, where the edge meets skin that rests.
        taper = band * np.clip(4 * along * (knots[-1] - along) / knots[-1] ** 2, 0, 1)
        beyond = across > height - taper if beneath else across < height + taper
        samples = np.flatnonzero(beyond & (along > 0) & (along < knots[-1]))
        position = along.ravel()[samples]
        segment = np.clip(np.searchsorted(knots, position, side="right") - 1, 0, len(edge) - 2)
        share = (position - knots[segment]) / np.maximum(knots[segment + 1] - knots[segment], 1e-6)
        return Tie(samples, edge[segment], edge[segment + 1], np.clip(share, 0, 1).astype(np.float32))

    def edges(self, posed: PosedFace) -> Edges:
        """Where the opening's edges are in a posed face."""
        return Edges.through(posed.vertices[self.upper], posed.vertices[self.lower])

    def draw(self, canvas: npt.NDArray[np.uint8], posed: PosedFace, interior: Interior) -> None:
        """Redraw the opening and the skin around it on the posed crop `[size, size, 3]`, in place."""
        edges = self.edges(posed)
        window = self._window(edges, canvas.shape[0])
        if window is None:
            return
        skin = self._both_sides(posed, window, edges)
        hole = self._soften(edges.opening(window))[..., None]
        inner = _bounds(hole[..., 0], window)
        if inner is not None:
            rows, columns = inner.within(window)
            skin[rows, columns] += (interior.paint(inner, posed, edges) - skin[rows, columns]) * hole[
                rows, columns
            ]
        base = canvas[window.slices].astype(np.float32)
        blended = base + (skin - base) * _feather(window, 0.35 * self.margin)[..., None]
        canvas[window.slices] = np.clip(np.rint(blended), 0, 255).astype(np.uint8)

    def _soften(self, mask: Array) -> Array:
        return blur(mask, self.softness)

    def _window(self, edges: Edges, size: int) -> Window | None:
        points = edges.points
        low = np.maximum(np.floor(points.min(0) - self.margin), 0).astype(int)
        high = np.minimum(np.ceil(points.max(0) + self.margin), size).astype(int)
        width, height = (high - low).tolist()
        return Window(int(low[0]), int(low[1]), width, height) if min(width, height) > 4 else None

    def _both_sides(self, posed: PosedFace, window: Window, edges: Edges) -> Array:
        """The skin above and below the opening, each moved by its own edge, float32 `[height, width, 3]`."""
        mask = self._soften(edges.below(window))[..., None]
        field = self.head.field(posed.expression)
        rows = _mixed_rows(mask)
        skin = np.empty((window.height, window.width, 3), np.float32)
        upper, lower = window.part(0, rows.stop), window.part(rows.start, window.height)
        seam = mask[rows]
        above = self._skin(self.above.apply(field, posed.expression), posed, upper)
        below = self._skin(self.below.apply(field, posed.expression), posed, lower)
        skin[: rows.start] = above[: rows.start]
        skin[rows.stop :] = below[rows.stop - rows.start :]
        skin[rows] = above[rows.start :] * (1 - seam) + below[: rows.stop - rows.start] * seam
        return skin

    def _skin(self, expression: Array, posed: PosedFace, window: Window) -> Array:
        """Source pixels under one side's field, float32 `[height, width, 3]`."""
        cols = max(2, round(window.width / self.step))
        rows = max(2, round(window.height / self.step))
        step = window.width / cols
        target = Grid(window.x, window.y, step, cols, max(rows, int(np.ceil(window.height / step))))
        displacement = self.head.displacement(posed, expression)
        coarse = invert_steep(displacement, self.grid, target)
        fine = resize(coarse, window.width, round(target.rows * step))[: window.height]
        return remap(self.picture, fine, sharp=True).astype(np.float32)


def _bounds(hole: Array, window: Window) -> Window | None:
    """The part of a window in which a mask `[height, width]` is above zero, with a few pixels around it."""
    rows, columns = np.flatnonzero(hole.max(1) > 0), np.flatnonzero(hole.max(0) > 0)
    if not len(rows):
        return None
    top, left = max(0, int(rows[0]) - 4), max(0, int(columns[0]) - 4)
    bottom, right = min(window.height, int(rows[-1]) + 5), min(window.width, int(columns[-1]) + 5)
    return Window(window.x + left, window.y + top, right - left, bottom - top)


def _mixed_rows(mask: Array) -> slice:
    """The rows `[start, stop)` of a mask that rises downwards in which it is neither all 0 nor all 1."""
    flat = mask.reshape(len(mask), -1)
    some, full = flat.max(1) > 0, flat.min(1) >= 1
    start = int(np.argmax(some)) if some.any() else len(mask) - 1
    stop = int(np.argmax(full)) if full.any() else len(mask)
    return slice(start, max(stop, start + 1))


def _curve(knots: Array, parts: int = 4) -> Array:
    """A smooth line through `knots` `[n, 2]` (Catmull-Rom), `[(n - 1) * parts + 1, 2]`."""
    padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    before, start, end, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = (np.arange(parts) / np.float32(parts))[None, :, None].astype(np.float32)
    before, start, end, after = (points[:, None] for points in (before, start, end, after))
    slope = end - before
    square = 2 * before - 5 * start + 4 * end - after
    cube = 3 * start - before - 3 * end + after
    line = 0.5 * (2 * start + slope * t + square * t**2 + cube * t**3)
    curve: Array = np.concatenate([line.reshape(-1, 2), knots[-1:]]).astype(np.float32)
    return curve


def _fill(outline: Array, window: Window) -> Array:
    mask = np.zeros((window.height, window.width), np.uint8)
    corners = (outline - np.array([window.x, window.y], np.float32)) * (1 << _SUBPIXEL_BITS)
    cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
    return mask.astype(np.float32) / np.float32(255)


def _feather(window: Window, width: float) -> Array:
    """Weight `[height, width]` that rises from 0 at the window's border to 1 over `width` pixels."""
    x = np.minimum(np.arange(window.width) + 0.5, window.width - np.arange(window.width) - 0.5)
    y = np.minimum(np.arange(window.height) + 0.5, window.height - np.arange(window.height) - 0.5)
    ramp = np.minimum(np.outer(np.clip(y / width, 0, 1), np.clip(x / width, 0, 1)), 1)
    return smoothstep(ramp)
