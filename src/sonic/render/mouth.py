"""The inside of the mouth: teeth fixed to skull and jaw, tongue, and the dark behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from sonic.face.topology import INNER_LIPS_LOWER, INNER_LIPS_UPPER, OUTER_LIPS
from sonic.render.teeth import MILLIMETRES_PER_EYE_DISTANCE, Palette, draw_arch, place_arch

if TYPE_CHECKING:
    import numpy.typing as npt

    from sonic.render.grid import Array
    from sonic.render.rig import FaceRig, PosedFace
    from sonic.render.slit import Edges, Window

MILLIMETRE = 1 / MILLIMETRES_PER_EYE_DISTANCE  # in eye distances
CHEEKS = (50, 280, 205, 425, 117, 346)
UPPER_LIP_MIDDLE, LOWER_LIP_MIDDLE = 13, 14
UPPER_EDGE = 1.2  # millimetres from the closed lip line down to the upper teeth's edge
LOWER_EDGE = 0.6  # the same for the lower teeth: their edge hides behind the upper ones
JAW_SHARE = 0.9  # the lower teeth drop a little less than the lower lip
TEETH_SHOW = (0.6, 3.5)  # millimetres of opening between which light reaches the teeth
SMILE_EXTENSION = 0.10  # eye distances; a lip that rises above the picture's shows the teeth's upper part
SMILE_GAP = 0.035  # eye distances; a wider opening in the picture shows teeth worth keeping


class MouthInterior:
    """Paints the mouth of one portrait; a smiling picture's own teeth are kept and laid over drawn ones."""

    def __init__(self, rig: FaceRig, picture: npt.NDArray[np.uint8]) -> None:
        self.rig = rig
        self.palette = Palette.of(_skin_colour(rig, picture), _lip_colour(rig, picture))
        scale = max(1.5, 1.25 * rig.unit * MILLIMETRE)
        self.upper = draw_arch(self.palette, scale, upper=True)
        self.lower = draw_arch(self.palette, scale, upper=False)
        self.centre = rig.neutral[[UPPER_LIP_MIDDLE, LOWER_LIP_MIDDLE]].mean(0) + np.float32([0, 0, 0.08])
        self.seam = (0.5 * _lip_colour(rig, picture)).astype(np.float32)
        self.smile = _Smile.of(rig, picture)

    def paint(self, window: Window, posed: PosedFace, edges: Edges) -> Array:
        """Colours of the window's pixels, float32 `[height, width, 3]` in 0..255."""
        shape = (window.height, window.width)
        colours = np.broadcast_to(self.palette.cavity, (*shape, 3)).copy()
        depth = _depth(edges, window)
        self._tongue(colours, window, posed, edges)
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
        middle = self.centre + np.float32([0, drop * MILLIMETRE, 0])
        points = middle + np.float32([[0, 0, 0], [ten, 0, 0], [0, -ten, 0]])
        return self.rig.place(posed, points, jaw) - np.float32([window.x, window.y])

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

    def _tongue(self, colours: Array, window: Window, posed: PosedFace, edges: Edges) -> None:
        """A soft mound behind the lower teeth, which rises less than the jaw drops."""
        offset = np.float32([window.x, window.y])
        left, right = edges.lower[0] - offset, edges.lower[-1] - offset
        width = float(np.hypot(*(right - left)))
        floor = edges.lower[len(edges.lower) // 2] - offset
        roof = edges.upper[len(edges.upper) // 2] - offset
        open_by = float(np.hypot(*(floor - roof)))
        y, x = np.mgrid[0 : window.height, 0 : window.width].astype(np.float32)
        across = (x - (left[0] + right[0]) / 2) / (0.36 * width)
        top = floor[1] - 0.42 * open_by
        rise = (y - top - 0.10 * open_by * across**2) / max(2.0, 0.25 * open_by)
        mound = np.clip(rise + 0.5, 0, 1) * np.clip(1.6 - np.abs(across) * 1.3, 0, 1)
        valley = 1 - 0.18 * np.exp(-((across / 0.12) ** 2)) * np.clip(rise, 0, 1)
        tone = self.palette.tongue * (0.62 + 0.2 * np.clip(rise * 0.4, 0, 1))[..., None] * valley[..., None]
        colours += (tone - colours) * (mound * mound * (3 - 2 * mound))[..., None]


class _Smile:
    """The picture's own mouth interior, fixed to the skull."""

    def __init__(self, rig: FaceRig, picture: npt.NDArray[np.uint8], outline: Array) -> None:
        self.rig = rig
        above = round(SMILE_EXTENSION * rig.unit)
        low, high = np.floor(outline.min(0)).astype(int) - 2, np.ceil(outline.max(0)).astype(int) + 3
        low[1] -= above
        low = np.maximum(low, 0)
        self.corner = low.astype(np.float32)
        patch = picture[low[1] : high[1], low[0] : high[0]]
        mask = np.zeros(patch.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.rint(outline - low).astype(np.int32)], 255)
        inset = max(1, round(0.012 * rig.unit))
        mask = cv2.erode(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * inset + 1, 2 * inset + 1)))
        hidden = (mask == 0).astype(np.uint8)
        filled = cv2.inpaint(patch, hidden, 3, cv2.INPAINT_TELEA)
        self.pixels = filled.astype(np.float32)
        grown = cv2.dilate(mask, np.ones((2 * inset + 1, 2 * inset + 1), np.uint8))
        grown = cv2.dilate(grown, np.ones((above, 1), np.uint8), anchor=(0, 0))
        self.mask = cv2.GaussianBlur(grown, (0, 0), inset * 0.8).astype(np.float32) / 255
        points = rig.shape[[INNER_LIPS_UPPER[0], INNER_LIPS_UPPER[-1], INNER_LIPS_UPPER[5]]]
        self.points = points
        self.source = points @ rig.to_camera.T[:, :2] + rig.origin[:2] - self.corner

    @classmethod
    def of(cls, rig: FaceRig, picture: npt.NDArray[np.uint8]) -> _Smile | None:
        upper, lower = rig.vertices[list(INNER_LIPS_UPPER)], rig.vertices[list(INNER_LIPS_LOWER)]
        gap = np.hypot(*(lower - upper)[3:8].T).mean() / rig.unit
        return cls(rig, picture, np.concatenate([upper, lower[-2:0:-1]])) if gap > SMILE_GAP else None

    def place(self, window: Window, posed: PosedFace) -> tuple[Array, Array]:
        target = self.rig.place(posed, self.points) - np.float32([window.x, window.y])
        matrix = cv2.getAffineTransform(self.source.astype(np.float32), target.astype(np.float32))
        size = (window.width, window.height)
        colours = cv2.warpAffine(
            self.pixels, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return colours, cv2.warpAffine(self.mask, matrix, size, flags=cv2.INTER_LINEAR)


def _depth(edges: Edges, window: Window) -> Array:
    """Light that reaches into the opening, 0..1 `[height, width]`: little at the rim, less in the corners."""
    hole = edges.opening(window)
    open_by = float(np.abs(edges.lower - edges.upper)[:, 1].max())
    spread = cv2.GaussianBlur(hole, (0, 0), max(1.0, 0.22 * open_by))
    return np.clip(spread * 1.25 - 0.1, 0, 1).astype(np.float32)


def _lit_share(edges: Edges, unit: float) -> float:
    """How far the mouth is open enough to show more than the dark seam between the lips, 0..1."""
    open_by = float(np.hypot(*(edges.lower - edges.upper).T).max()) / unit / MILLIMETRE
    share = np.clip((open_by - TEETH_SHOW[0]) / (TEETH_SHOW[1] - TEETH_SHOW[0]), 0, 1)
    return float(share * share * (3 - 2 * share))


def _teeth_light(depth: Array) -> Array:
    """Upper teeth stand in front: the lip shades their top, corners are dim."""
    return 0.55 + 0.45 * depth


def _skin_colour(rig: FaceRig, picture: npt.NDArray[np.uint8]) -> Array:
    return _median_colour(picture, rig.vertices[list(CHEEKS)], radius=0.06 * rig.unit)


def _lip_colour(rig: FaceRig, picture: npt.NDArray[np.uint8]) -> Array:
    return _median_colour(picture, rig.vertices[list(OUTER_LIPS)], radius=0.015 * rig.unit)


def _median_colour(picture: npt.NDArray[np.uint8], points: Array, radius: float) -> Array:
    reach = max(1, round(radius))
    size = picture.shape[0]
    samples = []
    for x, y in np.clip(np.rint(points).astype(int), reach, size - reach - 1):
        samples.append(picture[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 3))
    return np.median(np.concatenate(samples), axis=0).astype(np.float32)
