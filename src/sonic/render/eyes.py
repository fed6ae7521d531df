"""The eyeball behind the lids: sclera and a whole iris, moved by gaze."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from sonic.render.grid import Array
    from sonic.render.rig import FaceRig, PosedFace
    from sonic.render.slit import Edges, Window

GAZE_LIMIT = 0.16  # eye widths; further than this the drawn parts of the iris would show


class Eyeball:
    """One eye of the picture with what the lids hide filled in, fixed to the head and turned by gaze.

    Args:
        rig: the portrait's mesh.
        picture: source pixels of the crop, uint8 `[size, size, 3]`.
        outline: vertex numbers around the eye's opening.
        iris: landmark numbers, centre first, then four points on the rim.
        eye: 0 for the right eye, 1 for the left.
    """

    def __init__(
        self,
        rig: FaceRig,
        picture: npt.NDArray[np.uint8],
        outline: npt.NDArray[np.int32],
        iris: tuple[int, ...],
        eye: int,
    ) -> None:
        self.rig, self.eye = rig, eye
        points = rig.vertices[outline]
        self.width = float(np.ptp(points[:, 0]))
        reach = 0.45 * self.width
        low = np.maximum(np.floor(points.min(0) - reach), 0).astype(int)
        high = np.minimum(np.ceil(points.max(0) + reach), picture.shape[0]).astype(int)
        self.corner = low.astype(np.float32)
        patch = picture[low[1] : high[1], low[0] : high[0]]
        centre = rig.landmarks[iris[0], :2] - low
        radius = float(np.hypot(*(rig.landmarks[list(iris[1:]), :2] - low - centre).T).mean())
        self.pixels = _complete(patch, points - low, centre, radius).astype(np.float32)
        self.anchors = rig.shape[[outline[0], outline[len(outline) // 2], outline[len(outline) // 4]]]
        self.source = self.anchors @ rig.to_camera.T[:, :2] + rig.origin[:2] - self.corner
        self.gaze = np.zeros(2, np.float32)

    def look(self, gaze: Array) -> None:
        """Turn to `gaze` (right, down; eye widths) for the next picture."""
        self.gaze = np.clip(gaze, -GAZE_LIMIT, GAZE_LIMIT).astype(np.float32)

    def paint(self, window: Window, posed: PosedFace, edges: Edges) -> Array:
        """Colours of the window's pixels, float32 `[height, width, 3]` in 0..255."""
        target = (
            self.rig.place(posed, self.anchors) - np.float32([window.x, window.y]) + self.gaze * self.width
        )
        matrix = cv2.getAffineTransform(self.source.astype(np.float32), target.astype(np.float32))
        size = (window.width, window.height)
        colours = cv2.warpAffine(
            self.pixels, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        return np.clip(colours, 0, 255) * _lid_shadow(edges, window)[..., None]


def _complete(
    patch: npt.NDArray[np.uint8], outline: Array, centre: Array, radius: float
) -> npt.NDArray[np.uint8]:
    """The eyeball as if the lids were away: iris mirrored about its centre, sclera grown outwards."""
    seen = np.zeros(patch.shape[:2], np.uint8)
    cv2.fillPoly(seen, [np.rint(outline).astype(np.int32)], 1)
    inset = max(1, round(radius * 0.12))
    seen = cv2.erode(seen, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * inset + 1, 2 * inset + 1)))
    y, x = np.mgrid[0 : patch.shape[0], 0 : patch.shape[1]].astype(np.float32)
    mirrored_y = 2 * centre[1] - y
    mirror = cv2.remap(patch, x, mirrored_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mirror_seen = cv2.remap(seen, x, mirrored_y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
    in_iris = np.hypot(x - centre[0], y - centre[1]) < radius * 1.02
    from_mirror = in_iris & (seen == 0) & (mirror_seen > 0)
    whole = np.where(from_mirror[..., None], mirror, patch)
    hidden = ((seen == 0) & ~from_mirror).astype(np.uint8)
    return cv2.inpaint(whole, hidden, 3, cv2.INPAINT_TELEA) if hidden.any() else whole


def _lid_shadow(edges: Edges, window: Window) -> Array:
    """The upper lid shades the eyeball a little where it has come down over it."""
    hole = edges.opening(window)
    height = float(np.abs(edges.lower - edges.upper)[:, 1].max())
    return 0.80 + 0.20 * np.clip(cv2.GaussianBlur(hole, (0, 0), max(0.8, 0.12 * height)) * 1.6 - 0.4, 0, 1)
