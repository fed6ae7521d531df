"""The eyes: whether they show, and what is worn before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from sonic.face.checks.skin import CHEEKS, DARKEST, FOREHEAD, typical
from sonic.face.checks.view import SIDE, UNIT
from sonic.face.topology import LEFT_EYE, RIGHT_EYE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sonic.face.checks.view import FaceView

LENS = 0.24  # eye distances around the eye that a lens covers for certain
DARK_LENS, GREY_LENS = 0.33, 0.5  # brightness of both lenses beside the skin
NO_EYE = 0.2  # contrast inside the lids, beside the skin's brightness, below which no eye is seen
UNLIKE = 2.2  # times less contrast than the other eye's
# Proof of a frame is the sum of three edges, in shares of the skin's brightness, over what proves it alone.
BRIDGE, RIM, TEMPLE = 0.08, 0.12, 0.2
MOST = 0.3  # of rim and temple, where hair and shadows have edges too
WORN = 1.8
FAINTEST = 25.0  # L*; in darker pictures noise has edges as strong as frames
CONTINUOUS = 25  # percentile of columns that must show the edge: frames do not break off


@dataclass(frozen=True)
class Eyes:
    """Figures of both eyes, the subject's right first, all in shares of the skin's brightness.

    `lens` is the brightness around the eye, `contrast` the range of brightness between the lids.
    """

    lens: tuple[float, float]
    contrast: tuple[float, float]


def look(view: FaceView) -> Iterator[tuple[str, float]]:
    """Codes and values of what is noticed about the eyes."""
    eyes, frame = read_eyes(view), frames(view)
    lens, contrast = max(eyes.lens), max(eyes.contrast)
    if lens < DARK_LENS or (lens < GREY_LENS and contrast < NO_EYE and frame > WORN):
        yield "sunglasses", lens
        return
    if frame > WORN:
        yield "glasses", frame
    if (hidden := min(eyes.contrast)) < NO_EYE and UNLIKE * hidden < contrast:
        yield "eye_hidden", hidden


def read_eyes(view: FaceView) -> Eyes:
    """Brightness around and between the lids of both eyes."""
    skin = max(float(typical(view.patches((*FOREHEAD, *CHEEKS)))[0]), DARKEST)
    lens, contrast = [], []
    for loop in (RIGHT_EYE, LEFT_EYE):
        lens.append(float(np.median(view.lightness[_lens_area(view, loop)])) / skin)
        inside = view.lightness[view.area(loop, grow=1.1)]
        low, high = np.percentile(inside, (10, 90)) if len(inside) else (0.0, 0.0)
        contrast.append(float(high - low) / skin)
    return Eyes((lens[0], lens[1]), (contrast[0], contrast[1]))


def frames(view: FaceView) -> float:
    """Proof of a frame: lines over the bridge of the nose, under the eyes and towards the ears."""
    edges = np.abs(cv2.Sobel(view.lightness, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8))
    skin = max(float(typical(view.patches((*FOREHEAD, *CHEEKS)))[0]), FAINTEST)
    rim = min(_rim(view, edges, loop) for loop in (RIGHT_EYE, LEFT_EYE)) / skin
    temple = max(_temple(view, edges, *ends) for ends in ((33, 127), (263, 356))) / skin
    bridge = _bridge(view, edges) / skin
    return bridge / BRIDGE + min(rim, MOST) / RIM + min(temple, MOST) / TEMPLE


def _lens_area(view: FaceView, loop: tuple[int, ...]) -> NDArray[np.bool_]:
    x, y = view.points[list(loop), :2].mean(axis=0)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.asarray(np.hypot((columns - x) / 1.2, rows - y - 0.04 * UNIT) < LENS * UNIT)


def _bridge(view: FaceView, edges: NDArray[np.float32]) -> float:
    """The edge across the bridge of the nose, between the inner corners of the eyes."""
    x, y = (view.points[133, :2] + view.points[362, :2]) / 2
    return _line_across(edges, (x - 0.05 * UNIT, x + 0.05 * UNIT), (y - 0.22 * UNIT, y + 0.25 * UNIT))


def _rim(view: FaceView, edges: NDArray[np.float32], loop: tuple[int, ...]) -> float:
    """The edge below one eye."""
    x, y = view.points[list(loop), :2].mean(axis=0)
    return _line_across(edges, (x - 0.14 * UNIT, x + 0.14 * UNIT), (y + 0.17 * UNIT, y + 0.48 * UNIT))


def _temple(view: FaceView, edges: NDArray[np.float32], eye: int, ear: int) -> float:
    """The edge from the outer corner of one eye to the ear."""
    start, end = view.points[eye, :2], view.points[ear, :2]
    strengths = []
    for share in np.linspace(0.35, 0.8, 12):
        x, y = start + (end - start) * share
        column = _box(edges, (x, x + 1), (y - 0.25 * UNIT, y + 0.2 * UNIT))
        strengths.append(float(column.max(initial=0)))
    return float(np.percentile(strengths, CONTINUOUS))


def _line_across(
    edges: NDArray[np.float32], columns: tuple[float, float], rows: tuple[float, float]
) -> float:
    """The strongest edge in most columns of a box: a line that crosses it from side to side."""
    return float(np.percentile(_box(edges, columns, rows).max(axis=0, initial=0), CONTINUOUS))


def _box(
    edges: NDArray[np.float32], columns: tuple[float, float], rows: tuple[float, float]
) -> NDArray[np.float32]:
    left, top = (int(np.clip(start, 0, SIDE - 1)) for start, _ in (columns, rows))
    right, bottom = (int(np.clip(end, 1, SIDE)) for _, end in (columns, rows))
    return edges[top : max(bottom, top + 1), left : max(right, left + 1)]
