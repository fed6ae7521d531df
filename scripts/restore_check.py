"""Measures what restoring does to small faces, on sharp portraits made small, against plain enlargement.

Usage: python scripts/restore_check.py FOLDER [--widths 56 80 104] [--save STRIPS]

Every portrait whose face is at least four times as wide is shrunk, compressed as JPEG, and enlarged again: by
bicubic interpolation and by the network. Both are compared with the portrait itself at four times the small
size: PSNR and SSIM; detail, the mean difference of the energy in three bands of fineness, in decibels, which
is 0 for the right amount of detail in the right places; landmarks tracked anew, in percent of the eye
distance; and PSNR after shrinking again, which says how faithful a picture is to what was known.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from sonic.errors import ImageError
from sonic.face.check import inspect_portrait
from sonic.face.checks.focus import sharpness
from sonic.face.checks.view import view_face
from sonic.face.landmarks import face_width
from sonic.face.portrait import analyse_portrait, find_faces
from sonic.face.restore import FACTOR, Restoration
from sonic.face.topology import eye_distance
from sonic.media.image import load_image
from sonic.render.detail import lay_detail
from sonic.render.pixels import LUMA, blur
from sonic.train.mouth.measures import similarity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

QUALITY = 90  # of the JPEG that small portraits come as
WAYS = ("bicubic", "restored")
MEASURES = ("psnr", "ssim", "detail", "shift", "again", "sharpness", "seconds")
BANDS = (1.0, 2.0, 4.0)  # pixels of the enlarged picture
MARGIN = 0.6  # face sizes of picture around the face


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--widths", type=int, nargs="+", default=[56, 80, 104], help="of the small faces, pixels"
    )
    parser.add_argument("--save", type=Path, metavar="STRIPS", help="folder for pictures to look at")
    arguments = parser.parse_args()
    print("| face | pictures | way | PSNR dB | SSIM | detail dB | shift % | shrunk dB | sharpness | CPU s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for width in arguments.widths:
        cases = list(_cases(arguments.folder, width))
        tables = [_compare(truth, small, name, arguments.save) for name, truth, small in cases]
        for index, way in enumerate(WAYS):
            means = np.mean([table[index] for table in tables], axis=0)
            cells = " | ".join(
                f"{mean:.{2 if key != 'ssim' else 3}f}" for key, mean in zip(MEASURES, means, strict=True)
            )
            print(f"| {width} px | {len(cases)} | {way} | {cells} |", flush=True)


def _cases(folder: Path, width: int) -> Iterator[tuple[str, Picture, Picture]]:
    """Name, the portrait at four times the small size, and small; for portraits that are large enough."""
    for path in sorted(folder.iterdir()):
        try:
            portrait = analyse_portrait(load_image(path))
        except ImageError:
            continue
        wide = face_width(portrait.landmarks)
        if wide < FACTOR * width:
            continue
        face = _cut(portrait.image, portrait.landmarks)
        side = round(len(face) * width / wide)
        truth = cv2.resize(face, (FACTOR * side, FACTOR * side), interpolation=cv2.INTER_AREA)
        small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
        packed = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
        yield path.stem, truth, np.ascontiguousarray(cv2.imdecode(packed, cv2.IMREAD_COLOR)[..., ::-1])


def _cut(image: Picture, landmarks: NDArray[np.float32]) -> Picture:
    """The square around the face, as far as the picture goes."""
    middle, reach = landmarks[:, :2].mean(axis=0), (1 + MARGIN) * face_width(landmarks)
    reach = int(min(reach, *middle, *(np.array(image.shape[1::-1]) - middle)))
    x, y = (int(value) for value in middle)
    return np.ascontiguousarray(image[y - reach : y + reach, x - reach : x + reach])


def _compare(truth: Picture, small: Picture, name: str, save: Path | None) -> list[tuple[float, ...]]:
    """The measures of every way of enlarging one picture."""
    portrait = analyse_portrait(small)
    size = truth.shape[1::-1]
    plain = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    started = time.process_time()
    detail = Restoration(small, portrait.landmarks, inspect_portrait(portrait).measures.sharpness).run()
    spent = time.process_time() - started
    place = tuple(float(FACTOR * edge) for edge in detail.box)
    restored = lay_detail(plain, detail, place)
    if save:
        save.mkdir(parents=True, exist_ok=True)
        strip = np.hstack([plain, restored, truth])
        cv2.imwrite(str(save / f"{name}_{len(small)}.png"), strip[..., ::-1])
    x, y, width, height = (round(edge) for edge in place)
    inside = np.s_[y : y + height, x : x + width]
    marks = find_faces(truth)[0].landmarks
    return [
        (
            *_likeness(truth[inside], shown[inside]),
            _shift(marks, shown),
            _again(small, shown),
            _focus(shown),
            seconds,
        )
        for shown, seconds in ((plain, 0.0), (restored, spent))
    ]


def _likeness(truth: Picture, shown: Picture) -> tuple[float, float, float]:
    lumas = [picture.astype(np.float32) @ LUMA for picture in (truth, shown)]
    differences = [
        abs(one - other).mean() for one, other in zip(*(_bands(luma) for luma in lumas), strict=True)
    ]
    return _psnr(truth, shown), float(similarity(*lumas).mean()), float(np.mean(differences))


def _bands(luma: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Energy around every pixel in each band of fineness, decibels."""
    for size in BANDS:
        band = blur(luma, size / 2) - blur(luma, size)
        yield 10 * np.log10(blur(band * band, 3 * size) + 0.1)


def _psnr(truth: Picture, shown: Picture) -> float:
    error = np.square(truth.astype(np.float32) - shown).mean()
    return float(10 * np.log10(255**2 / max(float(error), 1e-9)))


def _again(small: Picture, shown: Picture) -> float:
    return _psnr(small, cv2.resize(shown, small.shape[1::-1], interpolation=cv2.INTER_AREA))


def _shift(marks: NDArray[np.float32], shown: Picture) -> float:
    found = find_faces(shown)[0].landmarks
    return float(100 * np.linalg.norm((found - marks)[:, :2], axis=1).mean() / eye_distance(marks))


def _focus(shown: Picture) -> float:
    return sharpness(view_face(shown, find_faces(shown)[0].landmarks))


if __name__ == "__main__":
    main()
