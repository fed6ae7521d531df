"""Fit the linear probe: ridge regression from speech to the mouth, the floor that models must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonic.motion.probe import CONTEXT, LipProbe, with_context

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sonic.motion.head import Array

COMPONENTS = 128  # of the features, so that the normal equations stay small
RIDGE = 30.0


@dataclass(frozen=True)
class Whitening:
    """The principal components of speech features, scaled to unit spread."""

    mean: Array
    directions: Array  # D, COMPONENTS

    def __call__(self, features: Array) -> Array:
        """Components [n, COMPONENTS] of features [n, D]."""
        components: Array = (features - self.mean) @ self.directions
        return components


def fit_whitening(features: Sequence[Array], components: int = COMPONENTS) -> Whitening:
    """Principal components over all clips' features, each [n, D]."""
    count = sum(len(clip) for clip in features)
    mean = sum(clip.sum(0, dtype=np.float64) for clip in features) / count
    covariance = sum((clip - mean).T @ (clip - mean) for clip in features) / count
    values, vectors = np.linalg.eigh(covariance)
    strongest = slice(-1, -components - 1, -1)
    directions = vectors[:, strongest] / np.sqrt(np.maximum(values[strongest], 1e-8))
    return Whitening(mean.astype(np.float32), directions.astype(np.float32))


class RidgeFit:
    """Normal equations of the probe in whitened features; clips are added one by one."""

    def __init__(self, whitening: Whitening, targets: int = 4) -> None:
        size = (2 * CONTEXT + 1) * whitening.directions.shape[1] + 1
        self._whitening = whitening
        self._gram = np.zeros((size, size))
        self._moment = np.zeros((size, targets))

    def add(self, frames: Array, targets: Array, weight: float = 1.0) -> None:
        """Take in one clip: features at 25 Hz [T, D] and targets [T, targets]."""
        inputs = self._inputs(frames)
        self._gram += weight * (inputs.T @ inputs)
        self._moment += weight * (inputs.T @ targets)

    def solve(self, ridge: float = RIDGE) -> LipProbe:
        """The probe that fits all clips added so far, for features that are not whitened."""
        penalty = ridge * np.eye(len(self._gram))
        penalty[-1, -1] = 0
        solution = np.linalg.solve(self._gram + penalty, self._moment)
        steps = solution[:-1].reshape(2 * CONTEXT + 1, -1, solution.shape[1])
        weight = np.einsum("dc,scm->sdm", self._whitening.directions, steps)
        bias = solution[-1] - np.einsum("d,sdm->m", self._whitening.mean, weight)
        flat = weight.reshape(-1, solution.shape[1])
        return LipProbe(np.ascontiguousarray(flat, np.float32), bias.astype(np.float32))

    def _inputs(self, frames: Array) -> Array:
        context = with_context(self._whitening(frames))
        return np.concatenate([context, np.ones((len(frames), 1), np.float32)], axis=1)


def fit_ridge(clips: Iterable[tuple[Array, Array, float]], whitening: Whitening) -> LipProbe:
    """The probe for clips of (features at 25 Hz [T, D], targets [T, 4], weight)."""
    fit = RidgeFit(whitening)
    for frames, targets, weight in clips:
        fit.add(frames, targets, weight)
    return fit.solve()
