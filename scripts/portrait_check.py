"""Measures the portrait check on a folder of pictures, as they are and altered in known ways.

Usage: python scripts/portrait_check.py FOLDER [--save ALARMS]

Prints what was raised on the untouched pictures, to be looked at one by one (`--save` writes each such face
as a PNG), then for every alteration how often it was found and what else was raised that the untouched
picture does not raise, and what a check costs.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from alterations import EXPECTED

from sonic.errors import NoFaceError
from sonic.face.check import inspect_face, inspect_picture
from sonic.face.checks.view import view_face
from sonic.face.portrait import locate_face
from sonic.media.image import load_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST_SIDE = 1024  # larger pictures are reduced first, to be quick
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
SEED = 1


@dataclass(frozen=True)
class Found:
    """A picture and the landmarks [478, 3] of its largest face, if there is one."""

    image: np.ndarray
    landmarks: np.ndarray | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--save", type=Path, metavar="ALARMS", help="folder for faces with findings")
    arguments = parser.parse_args()
    portraits = {name: Found(image, _landmarks(image)) for name, image in _pictures(arguments.folder)}
    untouched = {name: set(inspect_picture(found.image).codes) for name, found in portraits.items()}
    _print_untouched(untouched)
    if arguments.save:
        _save(portraits, untouched, arguments.save)
    print("\n| alteration | pictures | found | wrongly raised besides |\n|---|---|---|---|")
    for alter, codes in EXPECTED.items():
        print(_row(alter, codes, portraits, untouched), flush=True)
    print(f"\n{_cost(portraits):.0f} ms of processor time a check, median, beyond finding the face")


def _landmarks(image: np.ndarray) -> np.ndarray | None:
    try:
        return locate_face(image)[0].landmarks
    except NoFaceError:
        return None


def _pictures(folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    for path in sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES):
        image = load_image(path)
        factor = LONGEST_SIDE / max(image.shape[:2])
        if factor < 1:
            image = np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))
        yield path.name, image


def _print_untouched(untouched: dict[str, set[str]]) -> None:
    print(f"| code | raised on untouched pictures (of {len(untouched)}) |\n|---|---|")
    for code in sorted(set().union(*untouched.values())):
        names = [name for name, codes in untouched.items() if code in codes]
        print(f"| `{code}` | {len(names)}: {', '.join(names)} |")


def _save(portraits: dict[str, Found], untouched: dict[str, set[str]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, codes in untouched.items():
        if codes and "no_face" not in codes:
            view = view_face(portraits[name].image, portraits[name].landmarks)
            target = folder / f"{Path(name).stem}-{'-'.join(sorted(codes))}.png"
            cv2.imwrite(str(target), view.pixels[..., ::-1])


def _row(
    alter: Callable[..., np.ndarray],
    codes: tuple[str, ...],
    portraits: dict[str, Found],
    untouched: dict[str, set[str]],
) -> str:
    """One line of the table; pictures that raise the code as they are do not count."""
    pictures = [name for name, before in untouched.items() if not before & {*codes, "no_face"}]
    found, besides = 0, Counter()
    for number, name in enumerate(pictures):
        face = portraits[name]
        altered = alter(face.image, face.landmarks, np.random.default_rng((SEED, number)))
        after = set(inspect_picture(altered).codes)
        found += bool(after & set(codes))
        besides.update(after - untouched[name] - set(codes))
    others = ", ".join(f"`{code}` {count}" for code, count in besides.most_common())
    title, share = alter.__doc__.splitlines()[0], found / max(1, len(pictures))
    return f"| {title} | {len(pictures)} | {share:.0%} | {others} |"


def _cost(portraits: dict[str, Found]) -> float:
    """Milliseconds of processor time of one check, the face being found already."""
    spent = []
    for face in portraits.values():
        started = time.process_time()
        if face.landmarks is not None:
            inspect_face(face.image, face.landmarks)
            spent.append(1e3 * (time.process_time() - started))
    return statistics.median(spent)


if __name__ == "__main__":
    main()
