"""Shut lids: the skin that a picture with open eyes hides in the fold, and the line of lashes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonic.motion.easing import ramp, smoothstep
from sonic.render.pixels import LUMA, Window, blur, close_dark, remap
from sonic.render.rig import LOWER_CREASE, UPPER_BROW, UPPER_CREASE

if TYPE_CHECKING:
    import numpy.typing as npt

    from sonic.render.pixels import Array, Picture
    from sonic.render.rig import FaceRig, PosedFace

_FROM, _TO = 0.2, 0.6  # closure between which the lid of the picture turns into one with skin of its own
# A lid that shows in the picture stays as it is, unless it is stretched by that much or, in shares of the
# brightness under the eye, so dark that it must be full of lashes.
_LITTLE, _MUCH = 1.4, 2.2
_LIGHT, _DIM = 0.75, 0.55
_MIRRORED = 0.15, 0.75  # from where to where between crease and brow lies the skin that the lid reflects
_STRIP = (25, 33)  # samples of that skin, up and along
_HAIR = 9  # samples; darker things that are thinner are lashes or hairs of the brow, and not skin
_FOLD = 0.5  # share of the lid's height over which the crease turns into it
_CORNER = 0.22, 0.18  # shares of the eye's width over which skin and lashes fade at its corners
_DARKEST = 0.7  # of the skin under the eye; a lid darker than that is the shadow that its fold lies in
_SHADE = 0.15  # how much darker the lid is at its edge
_LASH = 0.03  # eye widths; half the thickness of the line of lashes
_HANGING = 0.06  # eye widths that lashes hang down
_DARK = 0.7  # of the lashes' colour at most
_PLACES: Array = np.linspace(0, 1, 33, dtype=np.float32)  # between the corners of an eye
_AROUND = 5  # places on either side that are skin as much as a place is
_EVEN: Array = np.full(2 * _AROUND + 1, 1 / (2 * _AROUND + 1), np.float32)
_UPPER, _LOWER, _CREASE, _BROW, _UNDER = range(5)


@dataclass(frozen=True)
class _Curves:
    """An eye seen along the line through its corners: heights of its rows by place between them.

    Attributes:
        corner, axis, normal: where it begins, and unit vectors along and down, [2] each.
        length: pixels between the corners.
        heights: per row its height at `_PLACES`, pixels, downwards, [rows, n].
    """

    corner: Array
    axis: Array
    normal: Array
    length: float
    heights: Array

    @classmethod
    def of(cls, vertices: Array, rows: list[npt.NDArray[np.int32]]) -> _Curves:
        """Through vertex rows from left to right, the first of which ends in both corners."""
        corner = vertices[rows[0][0]]
        across = vertices[rows[0][-1]] - corner
        length = float(np.hypot(*across))
        axis = across / max(length, 1e-6)
        normal = np.array([-axis[1], axis[0]], np.float32)
        heights = []
        for row in rows:
            relative = vertices[row] - corner
            places = np.maximum.accumulate(relative @ axis) / max(length, 1e-6)
            heights.append(np.interp(_PLACES, places, relative @ normal))
        return cls(corner, axis.astype(np.float32), normal, length, np.array(heights, np.float32))

    def pixels(self, heights: Array) -> Array:
        """Where heights [..., n] at `_PLACES` lie in the picture, [..., n, 2]."""
        along = self.corner + (_PLACES * self.length)[:, None] * self.axis
        where: Array = (along + heights[..., None] * self.normal).astype(np.float32)
        return where

    def at(self, place: Array) -> Array:
        """Heights of all rows at places of any shape, [rows, ...]."""
        return np.stack([np.interp(place, _PLACES, row).astype(np.float32) for row in self.heights])


class LidSkin:
    """The upper lid of one eye of a portrait.

    An open eye's lid is a few rows of pixels, mostly lashes and shadow. Stretched over a shut eye they become
    a blot, so that the lid is made of the skin above its crease instead, reflected there, and the lashes are
    drawn as dark as the picture's are.

    Args:
        rig: the portrait's mesh.
        picture: source pixels of the crop, uint8 `[size, size, 3]`.
        edges: vertex numbers of the opening's upper and lower edge, from the picture's left to its right.
        eye: 0 for the person's right eye, 1 for the left.
    """

    def __init__(
        self,
        rig: FaceRig,
        picture: Picture,
        edges: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]],
        eye: int,
    ) -> None:
        order = slice(None) if eye == 0 else slice(None, None, -1)
        self._rows = [*edges, UPPER_CREASE[eye][order], UPPER_BROW[eye][order], LOWER_CREASE[eye][order]]
        self._source = _Curves.of(rig.vertices, self._rows)
        self._under = self._mean_between(picture, _UNDER, _UNDER)
        self._strip = self._clean_skin(picture)
        self._hairy = self._full_of_lashes(picture)
        self._lashes = self._colour_of_lashes(picture)

    def draw(self, canvas: Picture, posed: PosedFace) -> None:
        """Redraw the lid on the posed crop `[size, size, 3]`, in place."""
        now = _Curves.of(posed.vertices, self._rows)
        closure = self._closure(now)
        shut = float(ramp(np.array(closure), _FROM, _TO))
        if not shut:  # nearly always
            return
        window = self._window(now, canvas.shape[0])
        if window is None:
            return
        place, height = _coordinates(now, window)
        upper, _, crease, *_ = now.at(place)
        lid = np.maximum(upper - crease, 1e-3)
        depth = (height - crease) / lid
        share = shut * self._share(now, place, depth, (upper - height))
        base = canvas[window.slices].astype(np.float32)
        skin = self._skin(place, depth)
        mixed = base + (skin - base) * share[..., None]
        dark = _DARK * shut * self._line(now, place, height - upper, closure)
        mixed += (self._lashes - mixed) * dark[..., None]
        canvas[window.slices] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)

    def _closure(self, now: _Curves) -> float:
        """How far the eye is shut beside the picture, 0..1."""
        open_now, open_then = (
            float((eye.heights[_LOWER] - eye.heights[_UPPER]).max()) / max(eye.length, 1e-6)
            for eye in (now, self._source)
        )
        return float(np.clip(1 - open_now / max(open_then, 1e-6), 0, 1))

    def _window(self, now: _Curves, size: int) -> Window | None:
        points = now.pixels(now.heights[:_BROW]).reshape(-1, 2)
        low = np.maximum(np.floor(points.min(0) - 0.1 * now.length), 0).astype(int)
        high = np.minimum(np.ceil(points.max(0) + 0.1 * now.length), size).astype(int)
        width, height = (high - low).tolist()
        return Window(int(low[0]), int(low[1]), width, height) if min(width, height) > 4 else None

    def _share(self, now: _Curves, place: Array, depth: Array, above: Array) -> Array:
        """How much of each pixel is lid."""
        then = self._source
        stretch = (now.heights[_UPPER] - now.heights[_CREASE]) / now.length
        stretch /= np.maximum(then.heights[_UPPER] - then.heights[_CREASE], 0.5) / then.length
        new = np.maximum(ramp(stretch, _LITTLE, _MUCH), np.float32(self._hairy))
        needed = np.convolve(np.pad(new, _AROUND, mode="edge"), _EVEN, "valid")
        needed = np.interp(place, _PLACES, needed).astype(np.float32)
        share: Array = needed * _taper(place, _CORNER[0]) * ramp(depth, 0, _FOLD) * np.clip(above + 0.5, 0, 1)
        return share

    def _skin(self, place: Array, depth: Array) -> Array:
        """Skin of the lid, float32 `[height, width, 3]`."""
        rows, columns = _STRIP
        where = np.stack([place * (columns - 1), np.clip(depth, 0, 1) * (rows - 1)], axis=-1)
        shade = 1 - _SHADE * smoothstep(depth)[..., None]
        skin: Array = remap(self._strip, where.astype(np.float32)) * shade
        return skin

    def _line(self, now: _Curves, place: Array, below: Array, closure: float) -> Array:
        """Coverage of the lashes: a line along the lid's edge, softer where they hang."""
        thick, hanging = (max(0.8, share * now.length) for share in (_LASH, _HANGING))
        reach = np.where(below < 0, thick, thick + hanging * closure)
        line: Array = smoothstep(1 - np.abs(below) / reach) * _taper(place, _CORNER[1])
        return line

    def _clean_skin(self, picture: Picture) -> Array:
        """The skin above the crease without hairs, downwards as the lid has it, float32 `[25, 33, 3]`."""
        then = self._source
        share = np.linspace(*_MIRRORED, _STRIP[0], dtype=np.float32)[:, None]
        strip = then.heights[_CREASE] + share * (then.heights[_BROW] - then.heights[_CREASE])
        found = remap(picture, then.pixels(strip))
        clean = blur(close_dark(found, _HAIR).astype(np.float32), _HAIR / 3)
        shadow, light = (float(colour @ LUMA) for colour in (clean.mean((0, 1)), self._under))
        borrowed = np.clip((_DARKEST * light - shadow) / max(1.0, light - shadow), 0, 1)
        lit: Array = clean + np.float32(borrowed) * (self._under - clean)
        return lit

    def _full_of_lashes(self, picture: Picture) -> float:
        """Whether the lid in the picture is too dark to be skin, 0..1."""
        shown, light = (float(c @ LUMA) for c in (self._mean_between(picture, _CREASE, _UPPER), self._under))
        return float(ramp(np.array(-shown / max(1.0, light)), -_LIGHT, -_DIM))

    def _mean_between(self, picture: Picture, first: int, last: int) -> Array:
        """Mean colour `[3]` of the picture between two rows, away from the eye's corners."""
        share = np.linspace(0, 1, 9, dtype=np.float32)[:, None]
        heights = self._source.heights[first] * (1 - share) + self._source.heights[last] * share
        found = remap(picture, self._source.pixels(heights)[:, 6:-6])
        mean: Array = found.astype(np.float32).mean((0, 1))
        return mean

    def _colour_of_lashes(self, picture: Picture) -> Array:
        """The dark tenth of what lies on the upper lid's edge in the picture, `[3]`."""
        then = self._source
        spread = np.linspace(-0.06, 0.02, 9, dtype=np.float32)[:, None] * then.length
        found = remap(picture, then.pixels(then.heights[_UPPER] + spread)).reshape(-1, 3).astype(np.float32)
        bright = found @ LUMA
        colour: Array = found[bright <= np.percentile(bright, 10)].mean(0)
        return colour


def _coordinates(eye: _Curves, window: Window) -> tuple[Array, Array]:
    """Place between the corners and height below their line of every pixel, `[height, width]` each."""
    x = np.arange(window.x, window.x + window.width, dtype=np.float32) - eye.corner[0]
    y = np.arange(window.y, window.y + window.height, dtype=np.float32)[:, None] - eye.corner[1]
    place = (x * eye.axis[0] + y * eye.axis[1]) / np.float32(max(eye.length, 1e-6))
    return place, x * eye.normal[0] + y * eye.normal[1]


def _taper(place: Array, width: float) -> Array:
    """1 between the corners, fading towards them."""
    return ramp(place, 0, width) * ramp(1 - place, 0, width)
