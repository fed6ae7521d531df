"""Finds every face in a picture: a quick look first, then closer and more forgiving ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from sonic.face.sampling import Region, cut_region
from sonic.inference import load_asset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

CONFIDENT = 0.5
DOUBTFUL = 0.3  # paintings, drawings and statues score low; the landmark network judges them afterwards
SAME_FACE = 0.3  # overlap (intersection over union) above which two boxes are one face
FRAGMENT = 0.7  # a box that lies inside another by this share is a part of it
KEYPOINTS = 6
TILE_OVERLAP = 0.35
ZOOM_OUT = 1.6  # a head that fills the picture is found when it is shown with room around it


@dataclass(frozen=True)
class Detection:
    """One face as the detector sees it, in picture pixels.

    `box` is x, y of the top-left corner, width, height (brows to chin); `keypoints` float32 [6, 2] are the
    right and left eye, the nose tip, the mouth, the right and left ear; `score` is in 0..1.
    """

    box: NDArray[np.float32]
    keypoints: NDArray[np.float32]
    score: float

    @property
    def size(self) -> float:
        """The longer side of the box, pixels."""
        return float(self.box[2:].max())

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the box."""
        return float(self.box[0] + self.box[2] / 2), float(self.box[1] + self.box[3] / 2)


class AnchorNetwork:
    """One single-shot detector; `layers` holds (cells along a side, anchors in each cell) of its outputs."""

    def __init__(self, asset_name: str, *, input_size: int, layers: tuple[tuple[int, int], ...]) -> None:
        self._network = load_asset(asset_name)
        self._order = [self._network.output_names.index(name) for name in self._output_names()]
        self.input_size = input_size
        self._anchors = np.concatenate([_anchors(cells, per_cell) for cells, per_cell in layers])

    def detect(self, image: NDArray[np.uint8], region: Region, threshold: float) -> list[Detection]:
        """Candidates above `threshold` in a region of an RGB picture, before any merging."""
        pixels = cut_region(image, region, self.input_size, border=cv2.BORDER_CONSTANT)
        outputs = self._network(pixels[None].astype(np.float32) / 127.5 - 1)
        values, logits = (outputs[position][0] for position in self._order)
        scores = 1 / (1 + np.exp(-np.clip(logits[:, 0], -80, 80)))
        return [
            self._candidate(values[index], self._anchors[index], float(scores[index]), region)
            for index in np.flatnonzero(scores > threshold)
        ]

    def _output_names(self) -> tuple[str, str]:
        names = self._network.output_names
        return next(n for n in names if "regressor" in n), next(n for n in names if "classif" in n)

    def _candidate(
        self, values: NDArray[np.float32], anchor: NDArray[np.float32], score: float, region: Region
    ) -> Detection:
        # Row 0 is the box centre, row 1 its size, the rest are the keypoints, all relative to the anchor.
        rows = values.reshape(-1, 2)
        points = np.concatenate([rows[:1], rows[2:]]) + anchor * self.input_size
        points = region.to_picture(points, self.input_size)
        extent = rows[1] * (region.size / self.input_size)
        box = np.concatenate([points[0] - extent / 2, extent]).astype(np.float32)
        return Detection(box=box, keypoints=points[1:], score=score)


class FaceDetector:
    """Finds faces of any size; about 7 ms when the first look succeeds, up to 0.3 s when none does."""

    def __init__(self) -> None:
        self._near = AnchorNetwork("face_detector_short.onnx", input_size=128, layers=((16, 2), (8, 6)))
        self._far = AnchorNetwork("face_detector_full.onnx", input_size=192, layers=((48, 1),))

    def search(self, image: NDArray[np.uint8], *, thorough: bool = False) -> Iterator[list[Detection]]:
        """Faces of an RGB picture [H, W, 3], the largest first, from one look after the other.

        Each look takes more effort than the last one; the caller stops when it likes what it gets. A
        thorough search starts with everything down to small faces in a crowd.
        """
        looks = [_thorough_look(image)] if thorough else []
        for regions, threshold in [*looks, *_looks(image)]:
            if faces := merge_detections(self._candidates(image, regions, threshold)):
                yield faces

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        """All faces of the first look that finds any; an empty list when none does."""
        return next(self.search(image), [])

    def _candidates(
        self, image: NDArray[np.uint8], regions: list[Region], threshold: float
    ) -> list[Detection]:
        return [
            candidate
            for region in regions
            for network in (self._near, self._far)
            for candidate in network.detect(image, region, threshold)
        ]

    def glance(self, image: NDArray[np.uint8]) -> list[Detection]:
        """Faces of one look at the whole picture, the largest first; for video frames, about 7 ms."""
        return merge_detections(self._candidates(image, [_whole(image)], CONFIDENT))

    def detect_main(self, image: NDArray[np.uint8]) -> Detection | None:
        """The largest face as the short-range network alone sees it, else of `detect`; for video frames."""
        whole = _whole(image)
        if faces := merge_detections(self._near.detect(image, whole, CONFIDENT)):
            return faces[0]
        faces = merge_detections(self._far.detect(image, whole, CONFIDENT))
        return faces[0] if faces else None


def merge_detections(candidates: list[Detection]) -> list[Detection]:
    """Non-maximum suppression that averages what it merges, weighted by score; the largest face first."""
    remaining = sorted(candidates, key=lambda face: -face.score)
    faces: list[Detection] = []
    while remaining:
        best = remaining[0]
        group = [face for face in remaining if _overlap(best.box, face.box) > SAME_FACE]
        remaining = [face for face in remaining if _overlap(best.box, face.box) <= SAME_FACE]
        faces.append(_average(group))
    whole = [face for face in faces if not any(_is_fragment(face, other) for other in faces)]
    return sorted(whole, key=lambda face: -face.size)


def _average(group: list[Detection]) -> Detection:
    weights = np.array([face.score for face in group], np.float32)
    weights /= weights.sum()
    box = np.tensordot(weights, np.stack([face.box for face in group]), 1)
    keypoints = np.tensordot(weights, np.stack([face.keypoints for face in group]), 1)
    return Detection(box=box, keypoints=keypoints, score=max(face.score for face in group))


def _intersection(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    low = np.maximum(first[:2], second[:2])
    high = np.minimum(first[:2] + first[2:], second[:2] + second[2:])
    return float(np.prod(np.maximum(high - low, 0)))


def _overlap(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    shared = _intersection(first, second)
    return shared / max(float(first[2:].prod() + second[2:].prod()) - shared, 1e-6)


def _is_fragment(face: Detection, other: Detection) -> bool:
    if face is other or face.score > other.score:
        return False
    return _intersection(face.box, other.box) > FRAGMENT * float(face.box[2:].prod())


def _anchors(cells: int, per_cell: int) -> NDArray[np.float32]:
    middle = (np.arange(cells, dtype=np.float32) + 0.5) / cells
    grid = np.stack(np.meshgrid(middle, middle), axis=-1).reshape(-1, 2)
    return np.repeat(grid, per_cell, axis=0)


def _whole(image: NDArray[np.uint8], zoom_out: float = 1.0) -> Region:
    height, width = image.shape[:2]
    return Region(width / 2, height / 2, max(height, width) * zoom_out)


def _looks(image: NDArray[np.uint8]) -> list[tuple[list[Region], float]]:
    """What to look at, in order of effort: (regions, score threshold)."""
    wide = [_whole(image), _whole(image, ZOOM_OUT)]
    return [
        (wide[:1], CONFIDENT),
        (wide[1:], CONFIDENT),
        (_tiles(image, 2), CONFIDENT),
        (_tiles(image, 3), CONFIDENT),
        (wide, DOUBTFUL),
        (_tiles(image, 2), DOUBTFUL),
    ]


def _thorough_look(image: NDArray[np.uint8]) -> tuple[list[Region], float]:
    return [_whole(image), _whole(image, ZOOM_OUT), *_tiles(image, 2), *_tiles(image, 3)], CONFIDENT


def _tiles(image: NDArray[np.uint8], per_side: int) -> list[Region]:
    """Overlapping squares that cover the picture, `per_side` along its longer side."""
    height, width = image.shape[:2]
    size = max(height, width) / (per_side - (per_side - 1) * TILE_OVERLAP)
    return [Region(x, y, size) for y in _tile_centres(height, size) for x in _tile_centres(width, size)]


def _tile_centres(extent: int, size: float) -> list[float]:
    if extent <= size:
        return [extent / 2]
    count = int(np.ceil((extent - size) / (size * (1 - TILE_OVERLAP)) - 1e-6)) + 1
    return [float(x) for x in np.linspace(size / 2, extent - size / 2, count)]
