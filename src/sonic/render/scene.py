"""What stands behind the head, and the head cut free from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from sonic.render.grid import Array

    Picture = npt.NDArray[np.uint8]

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
        self.foreground = np.dstack([cv2.subtract(picture, behind), alpha])

    def compose(self, backward: Array) -> Picture:
        """Lay the warped foreground over the background: uint8 RGB `[size, size, 3]`."""
        moved = cv2.remap(self.foreground, backward, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        behind = _scaled(self.background, 255 - moved[..., 3])
        return cv2.add(moved[..., :3], behind)


def _scaled(picture: Picture, weight: Picture) -> Picture:
    """`picture * weight / 255`, rounded, with one weight per pixel."""
    return cv2.multiply(picture, cv2.cvtColor(weight, cv2.COLOR_GRAY2RGB), scale=1 / 255)


def _fill_behind(picture: Picture, alpha: Picture) -> Picture:
    """The picture with the person painted over by what surrounds it."""
    size = picture.shape[0]
    small = cv2.resize(picture, (FILL_SIZE, FILL_SIZE), interpolation=cv2.INTER_AREA)
    hidden = cv2.resize(alpha, (FILL_SIZE, FILL_SIZE), interpolation=cv2.INTER_AREA)
    hidden = cv2.dilate((hidden > 4).astype(np.uint8), np.ones((5, 5), np.uint8))
    filled = cv2.resize(_pull_push(small, hidden), (size, size), interpolation=cv2.INTER_CUBIC)
    near = cv2.dilate(alpha, np.ones((3, 3), np.uint8), iterations=max(1, size // 256))
    blend = cv2.GaussianBlur(near, (0, 0), size / 256).astype(np.float32)[..., None] / 255
    blend = np.where(near[..., None] > 0, np.maximum(blend, alpha[..., None] / np.float32(255)), 0)
    return np.clip(np.rint(picture * (1 - blend) + filled * blend), 0, 255).astype(np.uint8)


def _pull_push(picture: Picture, hidden: npt.NDArray[np.uint8]) -> Picture:
    """Fill hidden pixels from known ones, near ones first, through an image pyramid."""
    known = (1 - hidden).astype(np.float32)[..., None]
    levels = [(picture.astype(np.float32) * known, known)]
    while levels[-1][1].shape[0] > 2:
        colour, weight = levels[-1]
        half = (colour.shape[1] // 2, colour.shape[0] // 2)
        pulled = cv2.resize(colour, half, interpolation=cv2.INTER_AREA)
        levels.append((pulled, cv2.resize(weight, half, interpolation=cv2.INTER_AREA)[..., None]))
    colour, weight = levels.pop()
    filled = colour / np.maximum(weight, 1e-4)
    while levels:
        colour, weight = levels.pop()
        up = cv2.resize(filled, (colour.shape[1], colour.shape[0]), interpolation=cv2.INTER_LINEAR)
        share = np.minimum(weight * 4, 1)
        filled = colour / np.maximum(weight, 1e-4) * share + up * (1 - share)
    return np.clip(filled, 0, 255).astype(np.uint8)
