"""What the mouth network sees: a small view fixed to the skull, with opening and drawn teeth in it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from sonic.render.mouth_place import MILLIMETRES_PER_EYE_DISTANCE, MouthPlace
from sonic.render.pixels import LUMA, Window
from sonic.render.teeth import Palette, draw_arch, place_arch

if TYPE_CHECKING:
    from sonic.render.pixels import Array
    from sonic.render.slit import Edges
    from sonic.render.teeth import Arch

VIEW_WIDTH, VIEW_HEIGHT = 96, 64  # pixels
PIXELS_PER_EYE_DISTANCE = 128 / 1.5
LIP_COLUMN, LIP_ROW = 47.5, 16.0  # the closed lips' middle in the view
PLANES, COLUMN_PLANE = 9, 7  # of the view; the plane whose sign turns in a mirror
CONDITIONS, TURN_CONDITION = 11, 9  # numbers beside it; the one whose sign turns in a mirror
_FULL_REACH = 32.0  # pixels from a lip at which the distance counts as one


def view_affine(place: MouthPlace) -> Array:
    """The map from view pixels to the picture's, `[2, 3]`."""
    axes = place.axes[:, :2] / np.float32(PIXELS_PER_EYE_DISTANCE)
    corner = place.origin - axes @ np.array([LIP_COLUMN, LIP_ROW], np.float32)
    return np.concatenate([axes, corner[:, None]], axis=1).astype(np.float32)


def in_view(place: MouthPlace) -> MouthPlace:
    """The mouth as it lies in its own view: lip line and size are always the same there."""
    parallax = np.linalg.solve(place.axes[:, :2].astype(np.float64), place.axes[:, 2])
    axes = PIXELS_PER_EYE_DISTANCE * np.concatenate([np.eye(2), parallax[:, None]], axis=1)
    origin = np.array([LIP_COLUMN, LIP_ROW], np.float32)
    return MouthPlace(origin, axes.astype(np.float32), place.jaw)


def to_view(points: Array, affine: Array) -> Array:
    """Picture pixels `[n, 2]` in view pixels, under the map of `view_affine`."""
    moved = np.linalg.solve(affine[:, :2].astype(np.float64), (points - affine[:, 2]).T).T
    return moved.astype(np.float32)


def view_planes(place: MouthPlace, edges: Edges) -> Array:
    """The network's picture of a mouth, float32 `[9, 64, 96]`; place and edges are those in the view.

    Planes: the opening, how far every pixel is below the upper and above the lower lip, brightness and
    coverage of the drawn upper and lower teeth, and column and row.
    """
    window = Window(0, 0, VIEW_WIDTH, VIEW_HEIGHT)
    columns, rows = _raster()
    planes = [edges.opening(window), _below(edges.upper, rows), -_below(edges.lower, rows)]
    for upper in (True, False):
        placed, alpha = place_arch(
            plain_arch(upper=upper), place.teeth(upper=upper), (VIEW_HEIGHT, VIEW_WIDTH)
        )
        planes += [placed[..., 1], alpha]
    planes += [columns / np.float32(VIEW_WIDTH / 2), rows / np.float32(VIEW_HEIGHT / 2)]
    return np.stack(planes).astype(np.float32)


def conditions(place: MouthPlace, edges: Edges, skin: Array, lips: Array) -> Array:
    """The numbers beside the picture, float32 `[11]`: light, colours of skin and lips, opening, width, turn.

    Args:
        place: the mouth in its view.
        edges: of the lips in the view.
        skin: colour, RGB in 0..255.
        lips: colour, RGB in 0..255.
    """
    light = brightness(skin)
    opening = np.hypot(*(edges.lower - edges.upper).T).max()
    width = np.hypot(*(edges.upper[-1] - edges.upper[0]))
    shape = np.array([opening, width, *place.axes[:, 2]]) / PIXELS_PER_EYE_DISTANCE
    numbers = [np.log2(light / 128), *(skin / light - 1), *(lips / light - 1), *shape]
    return np.array(numbers, np.float32)


def brightness(skin: Array) -> float:
    """The light on a face, 0..255, by which the network's colours are divided."""
    return max(24.0, float(skin @ LUMA))


def _below(edge: Array, rows: Array) -> Array:
    """How far pixels at `rows` under the lip line are below a lip's edge `[n, 2]`, -1..1, `[64, 96]`."""
    height = np.interp(np.arange(VIEW_WIDTH), np.maximum.accumulate(edge[:, 0]), edge[:, 1])
    below: Array = np.clip((rows + LIP_ROW - height) / _FULL_REACH, -1, 1).astype(np.float32)
    return below


@cache
def _raster() -> tuple[Array, Array]:
    y, x = np.mgrid[0:VIEW_HEIGHT, 0:VIEW_WIDTH].astype(np.float32)
    return x - np.float32(LIP_COLUMN), y - np.float32(LIP_ROW)


@cache
def plain_arch(*, upper: bool, gum: float = 0.0) -> Arch:
    """White teeth in black gums, or black teeth where `gum` is 1: drawing is linear in both colours."""
    none = np.zeros(3, np.float32)
    palette = Palette(enamel=none + np.float32(1 - gum), gum=none + np.float32(gum), tongue=none, cavity=none)
    scale = 1.25 * PIXELS_PER_EYE_DISTANCE / MILLIMETRES_PER_EYE_DISTANCE
    return draw_arch(palette, scale, upper=upper)
