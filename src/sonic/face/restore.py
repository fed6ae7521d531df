"""Gives a small or blurred face the detail that its picture lacks, by a super-resolution network."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np

from sonic.face.feather import feather
from sonic.face.landmarks import face_width
from sonic.face.sampling import resized
from sonic.face.topology import MESH_COUNT
from sonic.inference import load_asset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from sonic.face.checks.report import PortraitReport
    from sonic.inference import Network

FACTOR = 4  # of the network
STRENGTH = 0.85  # the rest is the picture itself, so that skin does not look like wax
ASIDE, ABOVE, BELOW = 0.22, 0.3, 0.15  # face sizes of ears, hair and neck that are restored as well
FADE = 0.2  # share of the region's sides over which it gives way to the picture
SHARP_WIDTH = 176.0  # pixels across the face in the view that sharpness is measured in
FEWEST, MOST = 48.0, 110.0  # pixels across the face that the network gets to see
OWN = 0.7  # pixels; the picture's own colours are kept down to this size
STRIP = 16_384  # pixels that are restored at once, which bounds the memory
HALO = 16  # rows around a strip that are looked at and not used
MOST_THREADS = 4
NEEDED = ("small_face", "blurred")  # findings of the portrait check that restoring helps against


@dataclass(frozen=True)
class Detail:
    """A rectangle of a portrait, drawn anew with more pixels.

    Attributes:
        pixels: uint8 RGB [h, w, 3].
        weight: float32 [h, w] in 0..1, how far `pixels` replace the portrait; 0 at its edges.
        box: left, top, width and height of the rectangle in the portrait's pixels.
    """

    pixels: NDArray[np.uint8]
    weight: NDArray[np.float32]
    box: tuple[int, int, int, int]


def wants_restoring(choice: str, report: PortraitReport) -> bool:
    """Whether the option `restore` asks for it: "on", or "auto" with a face that the check found wanting."""
    return choice == "on" or (choice == "auto" and any(code in NEEDED for code in report.codes))


class Restoration:
    """The work of restoring one face, in `steps` parts of a second or two each.

    Args:
        image: uint8 RGB [H, W, 3].
        landmarks: float32 [478, 3] in its pixels.
        sharpness: 0..1, as the portrait check measures it.
    """

    def __init__(self, image: NDArray[np.uint8], landmarks: NDArray[np.float32], sharpness: float) -> None:
        self._shape = image.shape[:2]
        self._box = left, top, width, height = _face_box(landmarks, self._shape)
        self._part = image[top : top + height, left : left + width].astype(np.float32)
        # Pixels that blur has made worthless are averaged away: the network expects steep edges.
        across = face_width(landmarks)
        scale = min(1.0, min(MOST, max(FEWEST, SHARP_WIDTH * sharpness)) / across)
        size = max(8, round(width * scale)), max(8, round(height * scale))
        self._small = resized(self._part, size, enlarging=cv2.INTER_CUBIC)
        self.steps = -(-size[0] * size[1] // STRIP)

    def run(self, on_step: Callable[[int], None] | None = None) -> Detail:
        """Restore the face; `on_step` is told after each step how many are done, and may raise to cancel."""
        network = load_asset("face_detail.onnx", threads=min(MOST_THREADS, os.cpu_count() or 1))
        strips = []
        for strip in self._strips(network):
            strips.append(strip)
            if on_step is not None:
                on_step(len(strips))
        drawn = self._anchored(np.concatenate(strips))
        plain = resized(self._part, drawn.shape[1::-1], enlarging=cv2.INTER_CUBIC)
        pixels = np.clip(plain + STRENGTH * (drawn - plain), 0, 255).round().astype(np.uint8)
        left, top, width, height = self._box
        weight = resized(feather((height, width), (top, left), self._shape, FADE), pixels.shape[1::-1])
        return Detail(pixels, weight, self._box)

    def _strips(self, network: Network) -> Iterator[NDArray[np.float32]]:
        """The rows of the restored part from top to bottom, float32 [h, w, 3] in 0..255."""
        height = len(self._small)
        edges = np.linspace(0, height, self.steps + 1).round().astype(int)
        for first, last in pairwise(edges):
            above, below = min(HALO, first), min(HALO, height - last)
            seen = self._small[first - above : last + below]
            (drawn,) = network(np.ascontiguousarray(seen.transpose(2, 0, 1)[None] / np.float32(255)))
            kept = drawn[0, :, FACTOR * above : drawn.shape[2] - FACTOR * below]
            yield kept.transpose(1, 2, 0) * np.float32(255)

    def _anchored(self, drawn: NDArray[np.float32]) -> NDArray[np.float32]:
        """The drawn part with the colours of the picture wherever that can tell; only finer detail is new."""
        seen = resized(drawn, self._small.shape[1::-1])
        missed = cv2.GaussianBlur(self._small - seen, (0, 0), OWN)
        return drawn + resized(missed, drawn.shape[1::-1], enlarging=cv2.INTER_CUBIC)


def _face_box(landmarks: NDArray[np.float32], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Left, top, width and height of the face with some hair and neck, inside a picture of `shape`."""
    low, high = landmarks[:MESH_COUNT, :2].min(axis=0), landmarks[:MESH_COUNT, :2].max(axis=0)
    across, down = high - low
    left, right = np.clip([low[0] - ASIDE * across, high[0] + ASIDE * across], 0, shape[1])
    top, bottom = np.clip([low[1] - ABOVE * down, high[1] + BELOW * down], 0, shape[0])
    return int(left), int(top), int(right) - int(left), int(bottom) - int(top)
