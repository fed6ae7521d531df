"""A linear reading of the mouth from speech features: too plain to draw a face, good enough to time one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from sonic.errors import WeightsError
from sonic.motion.resample import interpolate

if TYPE_CHECKING:
    from pathlib import Path

    from sonic.motion.head import Array

FEATURES_PER_FRAME = 2  # speech features come at 50 Hz, motion at 25
MOUTH, CLOSING = 3, 3  # how many targets are lengths, and which one says that lips meet
CONTEXT = 5  # video frames of sound on either side


@dataclass(frozen=True)
class LipProbe:
    """Ridge regression from speech features to the mouth.

    Attributes:
        weight: one row per context step and feature, [(2 * CONTEXT + 1) * features, targets].
        bias: [targets]; the targets are lip opening, mouth width and jaw drop against the closed neutral,
            IOD, and whether the lips meet, 0 or 1.
    """

    weight: Array
    bias: Array

    def read(self, features: Array) -> Array:
        """All targets [T, 4] at 25 Hz from features [2 T, D] at 50 Hz."""
        reading: Array = with_context(frames_of(features)) @ self.weight + self.bias
        return reading

    def predict(self, features: Array) -> Array:
        """Lip opening, mouth width and jaw drop [T, 3], the first three of `read`."""
        return self.read(features)[:, :MOUTH]

    def save(self, path: str | Path) -> None:
        """Write the probe as safetensors."""
        save_file({"weight": self.weight, "bias": self.bias}, str(path))

    @classmethod
    def load(cls, path: str | Path) -> LipProbe:
        """Read a probe written by `save`; raises WeightsError when the file is none."""
        try:
            probe = cls(**load_file(str(path)))
        except (OSError, SafetensorError, TypeError) as error:
            raise WeightsError(f"{path} is not a lip probe ({error}); install the model again.") from error
        if len(probe.bias) != CLOSING + 1:
            raise WeightsError(f"{path} does not hear closing lips; get a model of this Sonic's format.")
        return probe


def frames_of(features: Array, shift: float = 0.0) -> Array:
    """Features [n, D] at 50 Hz, read `shift` frames later, at the times of 25 Hz frames, [n // 2, D]."""
    times = np.arange(len(features) // FEATURES_PER_FRAME) * FEATURES_PER_FRAME + shift * FEATURES_PER_FRAME
    return interpolate(features, times)


def with_context(frames: Array) -> Array:
    """Each frame [T, D] with its neighbours before and after, held at both ends, [T, (2 CONTEXT + 1) D]."""
    padded = np.pad(frames, ((CONTEXT, CONTEXT), (0, 0)), mode="edge")
    return np.concatenate([padded[k : k + len(frames)] for k in range(2 * CONTEXT + 1)], axis=1)
