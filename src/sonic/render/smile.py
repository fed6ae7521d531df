"""Teeth that the picture itself shows: kept, fixed to the skull, and continued upwards under the lip."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from sonic.face.topology import INNER_LIPS_LOWER, INNER_LIPS_UPPER
from sonic.render.mouth_place import BEHIND_LIPS, UPPER_LIP_MIDDLE
from sonic.render.pixels import affine, blur, dilate, erode, inpaint, polygon
from sonic.render.rig import upright

if TYPE_CHECKING:
    from sonic.render.pixels import Array, Picture, Window
    from sonic.render.rig import FaceRig, PosedFace

LEAST_GAP = 0.11  # eye distances; less shows too little of the teeth for a mouth that opens further
# In a smile the brighter half of what shows is teeth; in a mouth that merely hangs open all of it is dark.
TEETH_SHARE, LEAST_BRIGHT = 60, 0.6
EXTENSION = 0.10  # eye distances; a lip that rises above the picture's shows the teeth's upper part
INSET = 0.012  # eye distances; trackers place the edge of parted lips on the teeth


class Smile:
    """The picture's own mouth interior as a layer of its own."""

    def __init__(self, rig: FaceRig, picture: Picture, outline: Array) -> None:
        self.rig = rig
        above, inset = round(EXTENSION * rig.unit), max(1, round(INSET * rig.unit))
        low, high = np.floor(outline.min(0)).astype(int) - 2, np.ceil(outline.max(0)).astype(int) + 3
        low = np.maximum(low - [0, above], 0)
        patch = picture[low[1] : high[1], low[0] : high[0]]
        sure = erode(polygon(outline - low, *patch.shape[:2]), inset)
        self.pixels = inpaint(patch, 1 - sure).astype(np.float32)
        shown = _raise(dilate(sure, 2 * inset + 1, 2 * inset + 1), above)
        self.mask = blur(shown.astype(np.float32), inset * 0.8)
        self.points = upright(rig.shape[UPPER_LIP_MIDDLE] + np.array([0, 0, BEHIND_LIPS], np.float32))
        corner = low.astype(np.float32)
        self.source = self.points @ rig.to_camera.T[:, :2] + rig.origin[:2] - corner

    @classmethod
    def find(cls, rig: FaceRig, picture: Picture, skin: Array) -> Smile | None:
        """The smile of a picture whose lips are apart and show something bright beside the `skin`."""
        upper, lower = rig.vertices[list(INNER_LIPS_UPPER)], rig.vertices[list(INNER_LIPS_LOWER)]
        gap = np.hypot(*(lower - upper)[3:8].T).mean() / rig.unit
        outline = np.concatenate([upper, lower[-2:0:-1]])
        inside = picture[polygon(outline, *picture.shape[:2]) > 0]
        if gap < LEAST_GAP or not len(inside):
            return None
        brightness = np.percentile(inside.mean(1), TEETH_SHARE)
        return cls(rig, picture, outline) if brightness > LEAST_BRIGHT * skin.mean() else None

    def place(self, window: Window, posed: PosedFace) -> tuple[Array, Array]:
        """Colours `[height, width, 3]` and alpha `[height, width]` of the window's pixels."""
        target = self.rig.place(posed, self.points) - np.array([window.x, window.y], np.float32)
        shape = (window.height, window.width)
        colours = affine(self.pixels, self.source, target, shape, extend=True)
        return colours, affine(self.mask, self.source, target, shape, extend=False)


def _raise(mask: Picture, reach: int) -> Picture:
    """Grow a mask upwards only."""
    return cast("Picture", cv2.dilate(mask, np.ones((max(1, reach), 1), np.uint8), anchor=(0, 0)))
