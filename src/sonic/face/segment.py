"""Tells the person from the background, once per portrait, with edges that follow the picture's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from sonic.face.feather import feather
from sonic.face.matting import guided_refine
from sonic.inference import load_asset

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sonic.face.crop import Square

INPUT_SIZE = 256
CLOSE_UP = 1.8  # the second look covers this many times the head square
NEARLY_ALL = 0.7  # share of the picture from which on a close-up shows nothing new
FEATHER = 0.15  # share of the close-up's side over which it gives way to the whole picture's mask
CLEAR_BACKGROUND, CLEAR_PERSON = 0.12, 0.75  # what lies outside counts as certain


class PersonSegmenter:
    """The person network, looked through twice: at the whole picture and again around the head."""

    def __init__(self) -> None:
        self._network = load_asset("person_mask.onnx")

    def segment(self, image: NDArray[np.uint8], head: Square) -> NDArray[np.float32]:
        """The person's share of every pixel, float32 [H, W] in 0..1, of an RGB picture [H, W, 3]."""
        mask = self._look(image)
        left, top, right, bottom = _close_up(head, image.shape[:2])
        if (right - left) * (bottom - top) < NEARLY_ALL * mask.size:
            inside = slice(top, bottom), slice(left, right)
            weight = feather((bottom - top, right - left), (top, left), image.shape[:2], FEATHER)
            mask[inside] += weight * (self._look(image[inside]) - mask[inside])
        return mask

    def _look(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The mask of one view; the network was trained on pictures squeezed into a square."""
        small = cv2.resize(image, (INPUT_SIZE, INPUT_SIZE), interpolation=cv2.INTER_AREA)
        (mask,) = self._network(small[None].astype(np.float32) / 255)
        refined = guided_refine(image, mask[0, :, :, 0])
        refined -= CLEAR_BACKGROUND
        refined /= CLEAR_PERSON - CLEAR_BACKGROUND
        return np.clip(refined, 0, 1, out=refined)


def _close_up(head: Square, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the second look, inside the picture."""
    margin = head.size * (CLOSE_UP - 1) / 2
    left, top = (int(max(0, corner - margin)) for corner in (head.x, head.y))
    right = int(min(shape[1], head.x + head.size + margin))
    bottom = int(min(shape[0], head.y + head.size + margin))
    return left, top, right, bottom
