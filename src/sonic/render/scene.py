"""What stands behind the head, and the head cut free from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from sonic.motion.easing import smoothstep
from sonic.render.pixels import blur, dilate, remap, resize

if TYPE_CHECKING:
    import numpy.typing as npt

    from sonic.render.pixels import Array, Picture, Window

RIM = 0.035  # eye distances of background that travel with the head: its outline is never cut quite right
RELAX_STEPS = 24
UNTOUCHED = 40  # alpha (of 255) up to which the picture itself is background
FILL_SIZE = 256  # the hidden background is smooth by nature, so it is filled at this size


class Scene:
    """Premultiplied foreground with alpha, and a complete background, `[size, size]` pixels.

    The foreground is `picture - (1 - alpha) * background`, so that laying it back unmoved gives the picture
    itself, to the last bit, whatever the mask's mistakes.
    """

    def __init__(self, picture: Picture, person: Array, unit: float) -> None:
        self.picture = picture
        self.alpha = alpha = _with_rim(person, RIM * unit)
        self.background = _fill_behind(picture, alpha)
        behind = _scaled(self.background, 255 - alpha)
        self.foreground = cast("Picture", cv2.subtract(picture, behind))
        self.uncovered = 255 - alpha

    def compose(self, backward: Array, window: Window) -> Picture:
        """The picture, with the foreground warped in the window: uint8 RGB `[size, size, 3]`.

        `backward` `[height, width, 2]` says where each of the window's pixels comes from.
        """
        canvas = self.picture.copy()
        # Linear interpolation would take half of the skin's fine detail away whenever the head moves.
        # Hair that the picture's border cuts goes on as its own reflection when the head moves inwards.
        moved = remap(self.foreground, backward, sharp=True, mirror=True)
        uncovered = remap(self.uncovered, backward, mirror=True)
        behind = _scaled(self.background[window.slices], uncovered)
        canvas[window.slices] = cv2.add(moved, behind, dst=moved)
        return canvas


def _scaled(picture: Picture, weight: Picture) -> Picture:
    """`picture * weight / 255`, rounded, with one weight per pixel."""
    return cast("Picture", cv2.multiply(picture, cv2.cvtColor(weight, cv2.COLOR_GRAY2RGB), scale=1 / 255))


def _with_rim(person: Array, rim: float) -> Picture:
    """The mask grown by a soft rim, so that no shadow of the outline stays behind when the head moves."""
    mask = np.clip(np.rint(person * 255), 0, 255).astype(np.uint8)
    width = 2 * max(1, round(rim)) + 1
    return np.maximum(mask, blur(dilate(mask, width, width), max(0.8, rim / 2)))


def _fill_behind(picture: Picture, alpha: Picture) -> Picture:
    """The picture with the person painted over by what surrounds it; unchanged outside."""
    size = picture.shape[0]
    small = resize(picture, FILL_SIZE, FILL_SIZE, cv2.INTER_AREA)
    hidden = (resize(alpha, FILL_SIZE, FILL_SIZE, cv2.INTER_AREA) > UNTOUCHED).astype(np.uint8)
    filled = resize(_continue_inwards(small, hidden), size, size, cv2.INTER_CUBIC)
    blend = smoothstep((alpha[..., None] - np.float32(UNTOUCHED)) / np.float32(150))
    return np.clip(np.rint(picture * (1 - blend) + filled * blend), 0, 255).astype(np.uint8)


def _continue_inwards(picture: Picture, hidden: Picture) -> Picture:
    """Fill hidden pixels so smoothly that no outline shows: Laplace's equation, from coarse to fine."""
    known = (hidden == 0).astype(np.float32)
    levels = [(picture.astype(np.float32) * known[..., None], known)]
    while levels[-1][1].shape[0] > 4:
        colour, weight = levels[-1]
        half = (colour.shape[1] // 2, colour.shape[0] // 2)
        levels.append((resize(colour, *half, cv2.INTER_AREA), resize(weight, *half, cv2.INTER_AREA)))
    colour, weight = levels[-1]
    filled = np.broadcast_to(colour.sum((0, 1)) / max(float(weight.sum()), 1e-3), colour.shape)
    for colour, weight in reversed(levels):
        start = resize(filled.astype(np.float32), colour.shape[1], colour.shape[0])
        filled = _relax(start, colour / np.maximum(weight, 1e-3)[..., None], weight > 0.5)
    settled: Picture = np.clip(filled, 0, 255).astype(np.uint8)
    return settled


def _relax(start: Array, colour: Array, known: npt.NDArray[np.bool_]) -> Array:
    """Average neighbours until the unknown places join the known `colour` evenly."""
    filled = start
    for _ in range(RELAX_STEPS):
        filled = np.where(known[..., None], colour, cv2.blur(filled, (3, 3)))
    return filled.astype(np.float32)
