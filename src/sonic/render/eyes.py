"""The eyeball behind the lids: sclera and iris, moved by gaze."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.render.pixels import affine, blur, erode, inpaint, polygon
from sonic.render.rig import upright

if TYPE_CHECKING:
    import numpy.typing as npt

    from sonic.render.pixels import Array, Picture, Window
    from sonic.render.rig import FaceRig, PosedFace
    from sonic.render.slit import Edges

EDGE = 0.035  # eye widths inside the lids' edges that show lashes and shadow rather than the eyeball


class Eyeball:
    """One eye of the picture with what the lids hide filled in, fixed to the head and turned by gaze.

    Args:
        rig: the portrait's mesh.
        picture: source pixels of the crop, uint8 `[size, size, 3]`.
        outline: vertex numbers around the eye's opening.
    """

    def __init__(
        self,
        rig: FaceRig,
        picture: Picture,
        outline: npt.NDArray[np.int32],
    ) -> None:
        self.rig = rig
        points = rig.vertices[outline]
        self.width = float(np.ptp(points[:, 0]))
        reach = 0.45 * self.width
        low = np.maximum(np.floor(points.min(0) - reach), 0).astype(int)
        high = np.minimum(np.ceil(points.max(0) + reach), picture.shape[0]).astype(int)
        patch = picture[low[1] : high[1], low[0] : high[0]]
        self.pixels = _complete(patch, points - low).astype(np.float32)
        self.anchors = upright(rig.shape[outline].mean(0))
        self.source = self.anchors @ rig.to_camera.T[:, :2] + rig.origin[:2] - low.astype(np.float32)

    def paint(self, window: Window, posed: PosedFace, edges: Edges) -> Array:
        """Colours of the window's pixels, float32 `[height, width, 3]` in 0..255."""
        corner = np.array([window.x, window.y], np.float32)
        target = self.rig.place(posed, self.anchors) - corner + posed.gaze * self.width
        colours = affine(self.pixels, self.source, target, (window.height, window.width), extend=True)
        shaded: Array = colours * _lid_shadow(edges, window)[..., None]
        return shaded


def _complete(patch: Picture, outline: Array) -> Picture:
    """The eyeball as if the lids were away: iris and sclera grown outwards from what is seen of them."""
    inset = max(1, round(EDGE * float(np.ptp(outline[:, 0]))))
    return inpaint(patch, 1 - erode(polygon(outline, *patch.shape[:2]), inset))


def _lid_shadow(edges: Edges, window: Window) -> Array:
    """The upper lid shades the eyeball a little where it has come down over it."""
    hole = edges.opening(window)
    height = float(np.abs(edges.lower - edges.upper)[:, 1].max())
    lit = np.clip(blur(hole, max(0.8, 0.12 * height)) * 1.6 - 0.4, 0, 1)
    light: Array = (0.80 + 0.20 * lit).astype(np.float32)
    return light
