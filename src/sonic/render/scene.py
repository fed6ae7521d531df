"""What stands behind the head, and the head cut free from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from sonic.render.pixels import blur, dilate, remap, resize

if TYPE_CHECKING:
    from sonic.render.pixels import Array, Picture

FILL_SIZE = 256  # the hidden background is smooth by nature, so it is filled at this size


class Scene:
    """Premultiplied foreground with alpha, and a complete background, `[size, size]` pixels.

    The foreground is `picture - (1 - alpha) * background`, so that laying it back unmoved gives the picture
    itself, to the last bit, whatever the mask's mistakes.
    """

    def __init__(self, picture: Picture, person: Array) -> None:
        alpha = np.clip(np.rint(person * 255), 0, 255).astype(np.uint8)
        self.background = _fill_behind(picture, alpha)
        behind = _scaled(self.background, 255 - alpha)
        self.foreground = cast("Picture", cv2.subtract(picture, behind))
        self.uncovered = 255 - alpha

    def compose(self, backward: Array) -> Picture:
        """Lay the warped foreground over the background: uint8 RGB `[size, size, 3]`."""
        moved = remap(self.foreground, backward)
        behind = _scaled(self.background, remap(self.uncovered, backward))
        return cast("Picture", cv2.add(moved, behind, dst=moved))


def _scaled(picture: Picture, weight: Picture) -> Picture:
    """`picture * weight / 255`, rounded, with one weight per pixel."""
    return cast("Picture", cv2.multiply(picture, cv2.cvtColor(weight, cv2.COLOR_GRAY2RGB), scale=1 / 255))


def _fill_behind(picture: Picture, alpha: Picture) -> Picture:
    """The picture with the person painted over by what surrounds it."""
    size = picture.shape[0]
    small = resize(picture, FILL_SIZE, FILL_SIZE, cv2.INTER_AREA)
    hidden = resize(alpha, FILL_SIZE, FILL_SIZE, cv2.INTER_AREA)
    hidden = dilate((hidden > 4).astype(np.uint8), 5, 5)
    filled = resize(_pull_push(small, hidden), size, size, cv2.INTER_CUBIC)
    near = dilate(alpha, 1 + size // 128, 1 + size // 128)
    blend = blur(near, size / 256).astype(np.float32)[..., None] / 255
    blend = np.where(near[..., None] > 0, np.maximum(blend, alpha[..., None] / np.float32(255)), 0)
    return np.clip(np.rint(picture * (1 - blend) + filled * blend), 0, 255).astype(np.uint8)


def _pull_push(picture: Picture, hidden: Picture) -> Picture:
    """Fill hidden pixels from known ones, near ones first, through an image pyramid."""
    known = (1 - hidden).astype(np.float32)[..., None]
    levels = [(picture.astype(np.float32) * known, known)]
    while levels[-1][1].shape[0] > 2:
        colour, weight = levels[-1]
        half = (colour.shape[1] // 2, colour.shape[0] // 2)
        pulled = resize(colour, *half, cv2.INTER_AREA)
        levels.append((pulled, resize(weight, *half, cv2.INTER_AREA)[..., None]))
    colour, weight = levels.pop()
    filled = colour / np.maximum(weight, 1e-4)
    while levels:
        colour, weight = levels.pop()
        up = resize(filled, colour.shape[1], colour.shape[0])
        share = np.minimum(weight * 4, 1)
        filled = colour / np.maximum(weight, 1e-4) * share + up * (1 - share)
    return np.clip(filled, 0, 255).astype(np.uint8)
