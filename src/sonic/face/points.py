"""Points of a face placed by hand: the names that exist, and how they are read and checked."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sonic.errors import FacePointsError

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

FacePointsInput: TypeAlias = "FacePoints | Mapping[str, Any] | str | os.PathLike[str]"

# Name, landmark, and whether the point must be given. "Right" and "left" are the subject's own.
POINTS: dict[str, tuple[int, bool]] = {
    "right_eye_outer": (33, True),
    "right_eye_inner": (133, True),
    "left_eye_inner": (362, True),
    "left_eye_outer": (263, True),
    "nose_tip": (4, True),
    "mouth_right": (61, True),
    "mouth_left": (291, True),
    "chin": (152, True),
    "right_eye_top": (159, False),
    "right_eye_bottom": (145, False),
    "left_eye_top": (386, False),
    "left_eye_bottom": (374, False),
    "right_pupil": (468, False),
    "left_pupil": (473, False),
    "right_brow": (105, False),
    "left_brow": (334, False),
    "upper_lip_top": (0, False),
    "upper_lip_bottom": (13, False),
    "lower_lip_top": (14, False),
    "lower_lip_bottom": (17, False),
    "right_cheek": (234, False),
    "left_cheek": (454, False),
    "forehead": (10, False),
}
REQUIRED = tuple(name for name, (_, required) in POINTS.items() if required)
CLOSEST = 4.0  # pixels between the outer eye corners that are the least a face can have


@dataclass(frozen=True)
class FacePoints:
    """Named points of one face in picture pixels, x right and y down; at least the eight required ones.

    Raises:
        FacePointsError: a name is unknown or missing, or a place is no pair of finite numbers.
    """

    places: Mapping[str, tuple[float, float]]

    def __post_init__(self) -> None:
        for name, place in self.places.items():
            _check_place(name, place)
        if missing := [name for name in REQUIRED if name not in self.places]:
            raise FacePointsError(
                f"The face points lack {', '.join(missing)}: give at least {', '.join(REQUIRED)}."
            )
        outer = np.subtract(self.places["left_eye_outer"], self.places["right_eye_outer"])
        if float(np.hypot(*outer)) < CLOSEST:
            raise FacePointsError("The outer eye corners are in the same place: move them apart.")

    @classmethod
    def read(cls, source: FacePointsInput) -> FacePoints:
        """Points from a mapping of names to `[x, y]`, or from a JSON file that holds one."""
        if isinstance(source, FacePoints):
            return source
        places = source if isinstance(source, Mapping) else _read_json(Path(source))
        return cls({str(name): _pair(name, place) for name, place in places.items()})

    @classmethod
    def of(cls, landmarks: NDArray[np.float32]) -> FacePoints:
        """All named points of a face with landmarks [478, 3]."""
        return cls({name: _rounded(landmarks[row]) for name, (row, _) in POINTS.items()})

    @property
    def rows(self) -> list[int]:
        """The landmark of each point, in the order of `places`."""
        return [POINTS[name][0] for name in self.places]

    def array(self) -> NDArray[np.float64]:
        """The places in the same order, float64 [n, 2]."""
        return np.array(list(self.places.values()), np.float64)

    def to_json(self) -> str:
        """The text of a file that `read` takes."""
        lines = [f'  "{name}": [{x:g}, {y:g}]' for name, (x, y) in self.places.items()]
        return "{\n" + ",\n".join(lines) + "\n}\n"


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FacePointsError(
            f"The face points {path} cannot be read ({error.strerror}): check the path."
        ) from error
    except ValueError as error:
        raise FacePointsError(f"The face points {path} are no JSON ({error}): write {_EXAMPLE}.") from error
    if not isinstance(content, dict):
        raise FacePointsError(f"The face points {path} hold no names: write {_EXAMPLE}.")
    return content


_EXAMPLE = '{"nose_tip": [x, y], ...}'


def _pair(name: str, place: Any) -> tuple[float, float]:
    numbers = place if isinstance(place, (list, tuple)) else np.asarray(place).ravel().tolist()
    if len(numbers) != 2 or not all(isinstance(n, (int, float)) and math.isfinite(n) for n in numbers):
        raise FacePointsError(f"The face point {name} is {place!r}: give two numbers, [x, y] in pixels.")
    return float(numbers[0]), float(numbers[1])


def _check_place(name: str, place: tuple[float, float]) -> None:
    if name not in POINTS:
        raise FacePointsError(f"The face point {name!r} is unknown: the names are {', '.join(POINTS)}.")
    _pair(name, place)


def _rounded(point: NDArray[np.float32]) -> tuple[float, float]:
    return round(float(point[0]), 1), round(float(point[1]), 1)
