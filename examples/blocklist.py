"""Refuses portraits of people on a blocklist: an operator's hook for the service.

Set `portrait_hook` to `blocklist:check` with this file on the Python path. It needs a network that turns an
upright face into a vector, which Sonic does not bring; any that takes 112x112 RGB pictures works, such as
SFace (`face_recognition_sface_2021dec.onnx` of the OpenCV Zoo, Apache-2.0):

    export BLOCKLIST_NETWORK=face_recognition_sface_2021dec.onnx BLOCKLIST=blocklist.npz
    python blocklist.py add NAME PORTRAIT...

The file holds names and vectors, no pictures. Vectors of faces are biometric data all the same: keep them as
such, and keep only those of people who asked for it.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from sonic.errors import ImageError
from sonic.face.portrait import find_faces
from sonic.inference import Network
from sonic.media.image import load_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 112  # pixels of the network's input
ALIKE = 0.363  # cosine from which SFace takes two faces for one person; see your network's documentation
# Eyes, tip of the nose and corners of the mouth, in our landmarks and in the network's picture.
POINTS = ((33, 133), (362, 263), (1,), (61,), (291,))
PLACES = ((38.3, 51.7), (73.5, 51.5), (56.0, 71.7), (41.5, 92.4), (70.7, 92.2))


class BlockedPersonError(Exception):
    """The portrait shows somebody who does not want to be animated."""


def check(image: NDArray[np.uint8]) -> None:
    """Raise BlockedPersonError if any face of a uint8 RGB picture [H, W, 3] is on the list."""
    names, vectors = blocked()
    for face in find_faces(image, thorough=True):
        if len(names) and (vectors @ embed(image, face.landmarks)).max() > ALIKE:
            raise BlockedPersonError("this person has asked not to be animated.")


def embed(image: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """A vector of length 1 for one face."""
    found = np.array([landmarks[list(group), :2].mean(axis=0) for group in POINTS])
    matrix, _ = cv2.estimateAffinePartial2D(found, np.array(PLACES, np.float32), method=cv2.LMEDS)
    aligned = cv2.warpAffine(image, matrix, (SIDE, SIDE)).astype(np.float32)
    vector = network()(aligned.transpose(2, 0, 1)[None])[0].ravel()
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


@cache
def network() -> Network:
    """The operator's network, loaded once in a process."""
    return Network(Path(os.environ["BLOCKLIST_NETWORK"]))


def blocked() -> tuple[list[str], NDArray[np.float32]]:
    """Names, and a vector [n, d] for each; read anew every time, so that additions count at once."""
    path = Path(os.environ["BLOCKLIST"])
    if not path.exists():
        return [], np.zeros((0, 1), np.float32)
    with np.load(path) as stored:
        return stored["names"].tolist(), stored["vectors"]


def add(name: str, *portraits: str) -> None:
    """Put the largest face of every portrait on the list."""
    names, vectors = blocked()
    rows = list(vectors)
    for portrait in portraits:
        image = load_image(portrait)
        faces = find_faces(image)
        if not faces:
            raise ImageError(f"No face was found in {portrait}: use a sharp picture from the front.")
        names.append(name)
        rows.append(embed(image, faces[0].landmarks))
    hidden = Path(os.environ["BLOCKLIST"]).with_suffix(".part.npz")
    np.savez(hidden, names=np.array(names), vectors=np.stack(rows))
    hidden.replace(os.environ["BLOCKLIST"])


if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] != "add":
        sys.exit(__doc__)
    add(*sys.argv[2:])
