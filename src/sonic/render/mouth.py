"""The inside of the mouth: teeth fixed to skull and jaw, tongue, and the dark behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.face.topology import OUTER_LIPS
from sonic.render.pixels import blur, smoothstep
from sonic.render.smile import Smile
from sonic.render.teeth import MILLIMETRES_PER_EYE_DISTANCE, Palette, draw_arch, place_arch

if TYPE_CHECKING:
    from sonic.render.pixels import Array, Picture, Window
    from sonic.render.rig import FaceRig, PosedFace
    from sonic.render.slit import Edges

MILLIMETRE = 1 / MILLIMETRES_PER_EYE_DISTANCE  # in eye distances
CHEEKS = (50, 280, 205, 425, 117, 346)
UPPER_LIP_MIDDLE, LOWER_LIP_MIDDLE = 13, 14
BEHIND_LIPS = 0.08  # eye distances from the lips back to the teeth
UPPER_EDGE = 1.2  # millimetres from the closed lip line down to the upper teeth's edge
LOWER_EDGE = 0.6  # the same for the lower teeth: their edge hides behind the upper ones
JAW_SHARE = 0.9  # the lower teeth drop a little less than the lower lip
TEETH_SHOW = (0.6, 3.5)  # millimetres of opening between which light reaches the teeth


class MouthInterior:
    """Paints the mouth of one portrait; a smiling picture's own teeth are kept and laid over drawn ones."""

    def __init__(self, rig: FaceRig, picture: Picture) -> None:
        self.rig = rig
        skin, lips = _skin_colour(rig, picture), _lip_colour(rig, picture)
        self.palette = Palette.of(skin, lips)
        scale = max(1.5, 1.25 * rig.unit * MILLIMETRE)
        self.upper = draw_arch(self.palette, scale, upper=True)
        self.lower = draw_arch(self.palette, scale, upper=False)
        lip_line = rig.neutral[[UPPER_LIP_MIDDLE, LOWER_LIP_MIDDLE]].mean(0)
        self.centre = lip_line + np.array([0, 0, BEHIND_LIPS], np.float32)
        self.seam = (0.5 * lips).astype(np.float32)
        self.smile = Smile.find(rig, picture, skin)

    def paint(self, window: Window, posed: PosedFace, edges: Edges) -> Array:
        """Colours of the window's pixels, float32 `[height, width, 3]` in 0..255."""
        shape = (window.height, window.width)
        colours = np.broadcast_to(self.palette.cavity, (*shape, 3)).copy()
        depth = _depth(edges, window)
        self._tongue(colours, window, edges)
        jaw = posed.from_neutral[LOWER_LIP_MIDDLE] * np.float32(JAW_SHARE)
        self._arch(colours, window, posed, lower=True, jaw=jaw)
        colours *= (0.25 + 0.75 * depth)[..., None]
        if self.smile is None:
            shaded = np.zeros_like(colours)
            alpha = self._arch(shaded, window, posed, lower=False, jaw=None)
            colours += (shaded * _teeth_light(depth)[..., None] - colours) * alpha[..., None]
        else:
            kept, alpha = self.smile.place(window, posed)
            colours += (kept * _teeth_light(depth)[..., None] - colours) * alpha[..., None]
        lit = _lit_share(edges, self.rig.unit)
        return np.asarray(self.seam + (colours - self.seam) * np.float32(lit), np.float32)

    def _anchors(self, window: Window, posed: PosedFace, drop: float, jaw: Array | None) -> Array:
        """Where biting edge, its right and its top are, window pixels `[3, 2]`."""
        ten = 10 * MILLIMETRE
        middle = self.centre + np.array([0, drop * MILLIMETRE, 0], np.float32)
        points = middle + np.array([[0, 0, 0], [ten, 0, 0], [0, -ten, 0]], np.float32)
        return self.rig.place(posed, points, jaw) - np.array([window.x, window.y], np.float32)

    def _arch(
        self, colours: Array, window: Window, posed: PosedFace, *, lower: bool, jaw: Array | None
    ) -> Array:
        """Lay a row of teeth over the colours, in place; returns its alpha."""
        arch, drop = (self.lower, LOWER_EDGE) if lower else (self.upper, UPPER_EDGE)
        anchors = self._anchors(window, posed, drop, jaw)
        placed, alpha = place_arch(arch, anchors, colours.shape[:2])
        light = np.float32(0.82 if lower else 1.0)
        colours *= 1 - alpha[..., None]
        colours += placed * light
        return alpha

    def _tongue(self, colours: Array, window: Window, edges: Edges) -> None:
        """A soft mound behind the lower teeth, which rises less than the jaw drops."""
        left, right = edges.lower[0], edges.lower[-1]
        width = max(1.0, float(np.hypot(*(right - left))))
        axis = (right - left) / width
        open_by = float(np.hypot(*(edges.lower - edges.upper)[len(edges.lower) // 2]))
        x, y = np.meshgrid(np.arange(window.width), np.arange(window.height))
        floor = edges.lower[len(edges.lower) // 2]
        from_floor = np.stack([x + window.x - floor[0], y + window.y - floor[1]], axis=-1)
        across = (from_floor @ axis) / (0.36 * width)
        down = from_floor @ np.array([-axis[1], axis[0]])
        rise = (down + 0.42 * open_by - 0.10 * open_by * across**2) / max(2.0, 0.25 * open_by)
        mound = np.clip(rise + 0.5, 0, 1) * np.clip(1.6 - np.abs(across) * 1.3, 0, 1)
        valley = 1 - 0.18 * np.exp(-((across / 0.12) ** 2)) * np.clip(rise, 0, 1)
        light = (0.62 + 0.2 * np.clip(rise * 0.4, 0, 1)) * valley
        colours += (self.palette.tongue * light[..., None] - colours) * smoothstep(mound)[..., None]


def _depth(edges: Edges, window: Window) -> Array:
    """Light that reaches into the opening, 0..1 `[height, width]`: little at the rim, less in the corners."""
    hole = edges.opening(window)
    open_by = float(np.abs(edges.lower - edges.upper)[:, 1].max())
    spread = blur(hole, max(1.0, 0.22 * open_by))
    light: Array = np.clip(spread * 1.25 - 0.1, 0, 1).astype(np.float32)
    return light


def _lit_share(edges: Edges, unit: float) -> float:
    """How far the mouth is open enough to show more than the dark seam between the lips, 0..1."""
    open_by = float(np.hypot(*(edges.lower - edges.upper).T).max()) / unit / MILLIMETRE
    share = (open_by - TEETH_SHOW[0]) / (TEETH_SHOW[1] - TEETH_SHOW[0])
    return float(smoothstep(np.array(share)))


def _teeth_light(depth: Array) -> Array:
    """Upper teeth stand in front: the lip shades their top, corners are dim."""
    return (0.55 + 0.45 * depth).astype(np.float32)


def _skin_colour(rig: FaceRig, picture: Picture) -> Array:
    return _median_colour(picture, rig.vertices[list(CHEEKS)], radius=0.06 * rig.unit)


def _lip_colour(rig: FaceRig, picture: Picture) -> Array:
    return _median_colour(picture, rig.vertices[list(OUTER_LIPS)], radius=0.015 * rig.unit)


def _median_colour(picture: Picture, points: Array, radius: float) -> Array:
    reach = max(1, round(radius))
    size = picture.shape[0]
    samples = []
    for x, y in np.clip(np.rint(points).astype(int), reach, size - reach - 1):
        samples.append(picture[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 3))
    colour: Array = np.median(np.concatenate(samples), axis=0).astype(np.float32)
    return colour
