"""Prepared clips: what training learns from and evaluation compares with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sonic.motion.resample import interpolate

if TYPE_CHECKING:
    from pathlib import Path

    from sonic.motion.head import Array


@dataclass(frozen=True)
class Clip:
    """One prepared clip.

    Attributes:
        name: as in the manifest.
        person: who speaks.
        source: where the clip comes from.
        motion: motion vectors, [T, dim].
        features: per variant of the sound ("clean" and augmented ones) at 50 Hz, [n, F].
        stretch: per variant how much longer it lasts than the clip.
        start: first frame of `motion`, counted from the start of the sound, moved by the clip's offset.
    """

    name: str
    person: str
    source: str
    motion: Array
    features: dict[str, Array]
    stretch: dict[str, float]
    start: float

    def window(self, variant: str, first: int, length: int) -> tuple[Array, Array]:
        """Features [2 n, F] and motion [n, dim] of at most `length` frames from `first` of a variant."""
        stretch = self.stretch[variant]
        frames = np.arange(first, min(first + length, self.length(variant)))
        halves = 2 * (self.start * stretch + frames[:, None]) + np.arange(2)
        features = interpolate(self.features[variant], halves.ravel()).astype(np.float32)
        return features, interpolate(self.motion, frames / stretch)

    def length(self, variant: str) -> int:
        """Frames of a variant."""
        return int(len(self.motion) * self.stretch[variant])


def load_clips(folder: Path, split: str, *, augmented: bool = True) -> list[Clip]:
    """Clips of one split that preparation kept; raises nothing for clips it dropped."""
    rows = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return [_load_clip(folder, row, augmented) for row in rows if row["kept"] and row["split"] == split]


def _load_clip(folder: Path, row: dict[str, Any], augmented: bool) -> Clip:
    with np.load(folder / "motion" / f"{row['name']}.npz") as file:
        motion = file["motion"]
    with np.load(folder / "features" / f"{row['name']}.npz") as file:
        variants = [name for name in file.files if not name.endswith("_ratio")]
        features = {name: file[name] for name in variants if augmented or name == "clean"}
        stretch = {
            name: float(file[f"{name}_ratio"]) if f"{name}_ratio" in file.files else 1.0 for name in features
        }
    start = row["start"] + row["offset"]
    return Clip(row["name"], row["person"], row["source"], motion, features, stretch, start)
