"""Measures how well Sonic serves groups of people, for the table of the model card.

Usage: python scripts/group_table.py FOLDER GROUPS.tsv VOICE [--evaluation evaluation.json]

FOLDER holds a picture a person. GROUPS.tsv has a header and a line a person: `name` (the picture without its
suffix, and the person in the evaluation), then any columns of groups, such as `sex` and `age`; an empty field
leaves the person out of that column. Every face speaks the same motion, made from VOICE, with lids shut at
fixed times; the video is tracked again and compared with what was asked for:

- usable: pictures that are not refused, and the mean score of the portrait check;
- lips: correlation of the opening seen with the opening asked for;
- closed: share of the frames with closed lips asked for in which the lips seen are closed;
- lids: how far shut lids close the opening of the eye, 1 is whole;

and from `sonic evaluate`, the correlation of made with real lip opening and closures met, a mean a person.
Skin tone is measured as individual typology angle (ITA) of forehead and cheeks, as light and camera show it.
Means have 95 % intervals over draws of people.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sonic.errors import ImageError
from sonic.evaluate.lips import MEETING, NEARLY
from sonic.evaluate.performance import Performer
from sonic.evaluate.statistics import estimate_mean
from sonic.face.check import inspect_portrait, refuse
from sonic.face.checks.skin import CHEEKS, FOREHEAD, typical
from sonic.face.checks.view import view_face
from sonic.face.landmarks import FaceTracker
from sonic.face.portrait import analyse_portrait
from sonic.hub import find_model
from sonic.media.image import load_image
from sonic.motion.head import fit_head
from sonic.motion.mouth import lip_opening
from sonic.render.mouth_network import mouth_of
from sonic.render.renderer import Renderer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sonic.face.portrait import Portrait
    from sonic.motion.space import FaceMotion

SIDE = 320  # pixels of the face that is drawn
FRAMES, STEPS, SEED = 60, 8, 3
BLINKS = (slice(15, 19), slice(40, 44))  # frames in which the lids are shut
LIDS = ((159, 145, 33, 133), (386, 374, 263, 362))  # upper, lower, outer, inner
TONES = (
    (41, "light, ITA above 41"),
    (28, "intermediate, 28 to 41"),
    (10, "tan, 10 to 28"),
    (-90, "brown and dark, below 10"),
)
HEADER = (
    "group",
    "pictures",
    "usable",
    "score",
    "lips",
    "closed",
    "lids",
    "held-out people",
    "opening",
    "closures",
)


@dataclass
class Person:
    """What was measured about one person; what could not be is missing."""

    name: str
    groups: dict[str, str]
    figures: dict[str, float] = field(default_factory=dict)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("groups", type=Path)
    parser.add_argument("voice", type=Path)
    parser.add_argument("--model", default="sonic-base")
    parser.add_argument("--evaluation", type=Path, help="evaluation.json of sonic evaluate")
    parser.add_argument("--save", type=Path, metavar="FIGURES.json", help="every person's figures")
    arguments = parser.parse_args()
    people = read_groups(arguments.groups)
    figures = measure_pictures(arguments.folder, people, arguments.model, arguments.voice)
    held_out = read_evaluation(arguments.evaluation) if arguments.evaluation else {}
    for person in people:
        person.figures |= figures.get(person.name, {}) | held_out.get(person.name, {})
        person.groups["skin"] = tone(person.figures.get("ita"))
    if arguments.save:
        arguments.save.write_text(
            json.dumps({one.name: one.figures for one in people}, indent=1), encoding="utf-8"
        )
    print(f"| {' | '.join(HEADER)} |\n|{'---|' * len(HEADER)}")
    for row in rows(people):
        print(f"| {' | '.join(row)} |")


def read_groups(path: Path) -> list[Person]:
    with path.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream, delimiter="\t"))
    return [
        Person(line.pop("name"), {column: group for column, group in line.items() if group}) for line in lines
    ]


def measure_pictures(
    folder: Path, people: Sequence[Person], model: str, voice: Path
) -> dict[str, dict[str, float]]:
    """Figures of every person whose picture is in the folder."""
    pictures = {path.stem: path for path in folder.iterdir()}
    stage = Stage(find_model(model), voice)
    return {one.name: measure(pictures[one.name], stage) for one in people if one.name in pictures}


def measure(path: Path, stage: Stage) -> dict[str, float]:
    """One picture: what the check says of it, and how it moves."""
    try:
        portrait = analyse_portrait(load_image(path))
        report = inspect_portrait(portrait)
        refuse(report)
    except ImageError:
        return {"usable": 0.0}
    return {
        "usable": 1.0,
        "score": float(report.score),
        "ita": typology_angle(portrait),
        **stage.perform(portrait, report.eyewear),
    }


def typology_angle(portrait: Portrait) -> float:
    """Individual typology angle of the skin, degrees (Chardon et al. 1991): high is light."""
    view = view_face(portrait.image, portrait.landmarks)
    lightness, _, yellow = typical(view.patches((*FOREHEAD, *CHEEKS)))
    return float(np.degrees(np.arctan2(lightness - 50, max(float(yellow), 1e-3))))


def tone(angle: float | None) -> str:
    if angle is None:
        return ""
    return next(name for least, name in TONES if angle > least)


class Stage:
    """One motion, and faces that act it out.

    Args:
        folder: of the model.
        voice: the recording from which the motion is made.
    """

    def __init__(self, folder: Path, voice: Path) -> None:
        performer = Performer.load(folder, STEPS)
        self._space, self._mouth = performer.sampler.space, mouth_of(folder)
        self._vectors = performer.perform(voice, SEED)[:FRAMES]

    def perform(self, portrait: Portrait, eyewear: str) -> dict[str, float]:
        renderer = Renderer(
            portrait, self._space, resolution=SIDE, crop="face", mouth=self._mouth, eyewear=eyewear
        )
        motion = self._motion(portrait)
        seen = list(track(renderer, motion))
        if any(landmarks is None for landmarks in seen):
            return {}
        points = fit_head(np.stack(seen), self._space.template)[1]
        return {**follow(points, motion), **({} if eyewear == "sunglasses" else shut(points, motion))}

    def _motion(self, portrait: Portrait) -> FaceMotion:
        motion = self._space.decode(self._vectors, self._space.neutral(portrait.landmarks))
        lids = np.zeros_like(motion.lids)
        for blink in BLINKS:
            lids[blink] = 1
        return replace(motion, lids=lids)


def track(renderer: Renderer, motion: FaceMotion) -> Iterator[NDArray[np.float32] | None]:
    tracker = FaceTracker()
    for index in range(len(motion)):
        yield tracker.track(renderer.render(motion, index))[0]


def follow(points: NDArray[np.float32], motion: FaceMotion) -> dict[str, float]:
    asked, seen = lip_opening(motion.displacement), lip_opening(points)
    closed = asked < MEETING
    return {
        "lips": float(np.corrcoef(asked, seen)[0, 1]),
        "closed": float((seen[closed] < NEARLY).mean()),
    }


def shut(points: NDArray[np.float32], motion: FaceMotion) -> dict[str, float]:
    apertures = np.mean([aperture(points, *lids) for lids in LIDS], axis=0)
    closed = motion.lids.min(axis=1) == 1
    return {"lids": float(1 - np.median(apertures[closed]) / np.median(apertures[~closed]))}


def aperture(
    points: NDArray[np.float32], upper: int, lower: int, outer: int, inner: int
) -> NDArray[np.float32]:
    height, width = (
        np.linalg.norm((points[:, one] - points[:, other])[:, :2], axis=1)
        for one, other in ((upper, lower), (outer, inner))
    )
    return height / width


def read_evaluation(path: Path) -> dict[str, dict[str, float]]:
    """Means over each person's clips of what one sample reaches."""
    clips = defaultdict(list)
    for clip in json.loads(path.read_text(encoding="utf-8"))["clips"]:
        if clip["performer"] == "sample":
            clips[clip["person"]].append(clip["figures"])
    return {
        person: {key: mean_of(figures, key) for key in ("opening", "closures")}
        for person, figures in clips.items()
    }


def mean_of(figures: Sequence[dict[str, float | None]], key: str) -> float:
    known = [value for each in figures if (value := each[key]) is not None]
    return float(np.mean(known)) if known else float("nan")


def rows(people: Sequence[Person]) -> Iterator[list[str]]:
    columns = list(dict.fromkeys(column for person in people for column in person.groups))
    yield row("**all**", people)
    for column in columns:
        for group in sorted({person.groups.get(column, "") for person in people} - {""}):
            yield row(f"{column}: {group}", [one for one in people if one.groups.get(column) == group])


def row(name: str, people: Sequence[Person]) -> list[str]:
    looked_at = [person for person in people if "usable" in person.figures]
    usable = sum(person.figures["usable"] for person in looked_at)
    held_out = [person for person in people if "opening" in person.figures]
    shown = [
        interval(looked_at, key, digits)
        for key, digits in (("score", 0), ("lips", 3), ("closed", 2), ("lids", 2))
    ]
    lips = [interval(held_out, key, 2) for key in ("opening", "closures")]
    return [name, str(len(looked_at)), f"{usable:.0f}", *shown, str(len(held_out)), *lips]


def interval(people: Sequence[Person], key: str, digits: int) -> str:
    values = np.array([person.figures.get(key, np.nan) for person in people])
    known = int(np.isfinite(values).sum())
    if known == 0:
        return "-"
    estimate = estimate_mean(values, [person.name for person in people])
    if known == 1:
        return f"{estimate.value:.{digits}f}"
    return f"{estimate.value:.{digits}f} ({estimate.low:.{digits}f} to {estimate.high:.{digits}f})"


if __name__ == "__main__":
    main()
