"""Two small networks, one that sees lips and one that hears, whose vectors agree where both are in time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from sonic.errors import WeightsError
from sonic.face.topology import INNER_LIPS, OUTER_LIPS, canonical_vertices
from sonic.inference import Network, asset
from sonic.motion.head import fit_head

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from sonic.motion.head import Array
    from sonic.motion.space import MotionSpace

FORMAT = 1  # of a folder with towers
WINDOW = 5  # video frames that one vector is about, as in SyncNet
# The two rings of the lips, then jaw, chin, upper lip's root and the folds beside the mouth.
LIP_POINTS = (*OUTER_LIPS, *INNER_LIPS, 152, 176, 400, 150, 379, 200, 18, 164, 205, 425)


class SyncTowers:
    """The two halves of a sync network (Chung & Zisserman 2016, "Out of time").

    `about` is the file beside the networks that says what they learned from.
    """

    def __init__(self, folder: Path | Traversable, about: str, *, threads: int = 1) -> None:
        _check_format(folder, about)
        self._face, self._sound = (
            Network(folder / name, threads=threads) for name in ("face.onnx", "sound.onnx")
        )

    @classmethod
    def shipped(cls) -> SyncTowers:
        """Those that hear speech features, and that timed lips while the motion model learned."""
        return cls(asset("sync"), "sync.json")

    def seen(self, lips: Array) -> Array:
        """Unit vectors [T - 4, E] of the points LIP_POINTS in eye distances, [T, 50, 3]."""
        vectors: Array = self._face(lips[None].astype(np.float32))[0][0]
        return vectors

    def heard(self, rows: Array) -> Array:
        """Unit vectors [T - 4, E] of rows of sound [R T, D]: speech features or log-mel, as was learned."""
        vectors: Array = self._sound(rows[None].astype(np.float32))[0][0]
        return vectors


def lip_geometry(space: MotionSpace) -> tuple[Array, Array]:
    """The average face's lip points at rest [50, 3], and how each mouth coefficient moves them, [K, 50, 3].

    Both in the canonical head's frame, as the towers look at tracked lips.
    """
    chosen = list(LIP_POINTS)
    pose, points = fit_head(space.template[None], canonical_vertices())
    basis: Array = (space.mouth_basis[:, chosen] @ pose.rotation[0] / pose.scale[0]).astype(np.float32)
    return points[0, chosen], basis


def _check_format(folder: Path | Traversable, about: str) -> None:
    try:
        version = int(json.loads((folder / about).read_text(encoding="utf-8"))["format"])
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(
            f"{folder} holds no {about.partition('.')[0]} ({error}): train one or reinstall the package."
        ) from error
    if version != FORMAT:
        raise WeightsError(f"{folder} has format {version}, this Sonic reads {FORMAT}: train it again.")
