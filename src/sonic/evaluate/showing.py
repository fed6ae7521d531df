"""What is put beside the truth of a clip: a model's samples, a straight line, a still face, wrong sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonic.motion.controls import Controls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sonic.clips import Clip
    from sonic.motion.head import Array
    from sonic.motion.probe import LipProbe
    from sonic.motion.sampler import MotionSampler
    from sonic.motion.space import MotionSpace

PERFORMERS = {
    "sample": "one sample",
    "mean": "mean of samples",
    "ridge": "ridge",
    "still": "still face",
    "wrong": "wrong sound",
    "real": "real, as tracked",
}


@dataclass(frozen=True)
class Plan:
    """How a model is asked to perform.

    Attributes:
        steps: solver steps.
        samples: how many samples the mean is taken of.
        longest: frames judged of any clip.
        bare: leave out smoothing and timing, which users get: the network alone.
    """

    steps: int = 25
    samples: int = 8
    longest: int = 500
    bare: bool = False

    @property
    def controls(self) -> Controls | None:
        """What happens to the motion after the network."""
        return None if self.bare else Controls()


@dataclass(frozen=True)
class Showing:
    """One performer's version of a clip.

    Attributes:
        motion: motion vectors, [T, dim].
        readings: lip opening, mouth width and jaw drop, IOD, [T, 3].
    """

    motion: Array
    readings: Array

    @classmethod
    def of(cls, motion: Array, space: MotionSpace) -> Showing:
        """From motion alone."""
        return cls(motion, motion[:, space.groups["mouth"]] @ space.mouth_readout())

    @property
    def opening(self) -> Array:
        """Lip opening, [T]."""
        return self.readings[:, 0]


def show(
    sampler: MotionSampler, probe: LipProbe, clip: Clip, other: Clip, plan: Plan, seed: int
) -> tuple[Showing, Mapping[str, Showing]]:
    """The truth of a clip and what each performer makes of its sound, or of another clip's.

    Args:
        sampler, probe: the model and the linear floor.
        clip: whose beginning is shown.
        other: whose sound the performer "wrong" hears.
        plan: how to sample.
        seed: of the first sample; the others follow.
    """
    space = sampler.space
    features, truth = clip.window("clean", 0, plan.longest)
    wrong = other.window("clean", 0, plan.longest)[0]
    samples = [_sample(sampler, features, len(truth), seed + k, plan) for k in range(plan.samples)]
    motions = {
        "sample": samples[0],
        "mean": np.mean(samples, axis=0),
        "ridge": lips_only(probe.predict(features), space),
        "still": np.zeros_like(truth),
        "wrong": _sample(sampler, wrong, len(truth), seed, plan),
    }
    shown = {name: Showing.of(motion, space) for name, motion in motions.items()}
    real = Showing.of(truth, space)
    tracked = clip.mouth[: len(truth)]
    return real, shown | {"real": Showing(truth, tracked - tracked.mean(0) + real.readings.mean(0))}


def lips_only(readings: Array, space: MotionSpace) -> Array:
    """Motion vectors [T, dim] of given opening, width and jaw [T, 3], by the least change, else at rest."""
    motion = np.zeros((len(readings), space.dim), np.float32)
    motion[:, space.groups["mouth"]] = readings @ np.linalg.pinv(space.mouth_readout())
    return motion


def _sample(sampler: MotionSampler, features: Array, frames: int, seed: int, plan: Plan) -> Array:
    blocks = sampler.stream([features], frames=frames, seed=seed, steps=plan.steps, controls=plan.controls)
    return np.concatenate(list(blocks))
