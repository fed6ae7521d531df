"""How a mouth looks inside where no network says it: light that only knows how far apart the lips are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.motion.easing import smoothstep
from sonic.render.pixels import blur

if TYPE_CHECKING:
    from typing import TypeAlias

    from sonic.render.pixels import Array, Window
    from sonic.render.slit import Edges
    from sonic.render.teeth import Palette

    Layer: TypeAlias = tuple[Array, Array]  # premultiplied colours [h, w, 3] and coverage [h, w]

_LOWER_LIGHT = 0.82  # lower teeth stand further back


def light_by_rule(window: Window, edges: Edges, upper: Layer | None, lower: Layer, palette: Palette) -> Array:
    """Colours of a window, float32 `[height, width, 3]` in 0..255; without upper teeth where None."""
    depth = _depth(edges, window)
    colours = np.broadcast_to(palette.cavity, (*depth.shape, 3)).copy()
    _lay_tongue(colours, window, edges, palette.tongue)
    colours += lower[0] * np.float32(_LOWER_LIGHT) - colours * lower[1][..., None]
    colours *= (0.25 + 0.75 * depth)[..., None]
    if upper is not None:
        colours += upper[0] * _before(depth)[..., None] - colours * upper[1][..., None]
    return np.asarray(colours, np.float32)


def teeth_light(edges: Edges, window: Window) -> Array:
    """Light on upper teeth, 0..1 `[height, width]`: the lip shades their top, corners are dim."""
    return _before(_depth(edges, window))


def _before(depth: Array) -> Array:
    return (0.55 + 0.45 * depth).astype(np.float32)


def _depth(edges: Edges, window: Window) -> Array:
    """Light that reaches into the opening, 0..1 `[height, width]`: little at the rim, less in the corners."""
    hole = edges.opening(window)
    open_by = float(np.abs(edges.lower - edges.upper)[:, 1].max())
    spread = blur(hole, max(1.0, 0.22 * open_by))
    light: Array = np.clip(spread * 1.25 - 0.1, 0, 1).astype(np.float32)
    return light


def _lay_tongue(colours: Array, window: Window, edges: Edges, colour: Array) -> None:
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
    colours += (colour * light[..., None] - colours) * smoothstep(mound)[..., None]
