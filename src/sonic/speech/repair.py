"""Gives speech features that were heard through noise the values that they have without it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sonic.inference import load_asset

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NOTES = "repair"  # key of the network's own notes


class FeatureRepair:
    """A small network of convolutions over time, trained on mixtures of speech and noise after the denoiser.

    Sound that a denoiser has treated is pleasant to people, but no longer what the speech encoder knows. This
    closes the gap, and takes out noise that the denoiser leaves, such as other voices in the distance.

    Attributes:
        reach: features on either side that a feature depends on.
    """

    def __init__(self, *, device: str = "cpu", threads: int = 1) -> None:
        self._network = load_asset("feature_repair.onnx", device=device, threads=threads)
        self.reach: int = json.loads(self._network.metadata[NOTES])["reach"]

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Repaired features [n, 384] of successive ones [n, 384] at 50 Hz; nothing is known beyond."""
        repaired: NDArray[np.float32] = self._network(features[None])[0][0]
        return repaired
