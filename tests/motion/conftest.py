from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sonic
from sonic.motion.head import HeadPose, rotation_matrices
from sonic.motion.sampler import MotionSampler
from sonic.motion.space import MotionSpace

FOLDER = Path(sonic.__file__).parent / "assets" / "sonic-base"


@pytest.fixture(scope="session")
def space():
    return MotionSpace.load(FOLDER / "space.safetensors")


@pytest.fixture(scope="session")
def sampler():
    return MotionSampler(FOLDER)


@pytest.fixture(scope="session")
def features():
    """Speech features that wander as speech does, `[n, 384]`."""

    def make(count, seed=0):
        rng = np.random.default_rng(seed)
        steps = rng.normal(0, 1, (count + 8, 384)).astype(np.float32)
        return np.stack([steps[k : k + 8].mean(0) for k in range(count)])

    return make


@pytest.fixture(scope="session")
def track(space):
    """Landmarks `[T, 478, 3]` in pixels of a head that talks with the given opening and turns a little."""

    def make(opening, *, size=100.0, turn=0.1, seed=0):
        rng = np.random.default_rng(seed)
        mouth = np.outer(opening, space.opening_direction())
        points = space.template + np.tensordot(mouth, space.mouth_basis, 1)
        phase = np.linspace(0, 3, len(opening)) + rng.uniform(0, 6)
        vectors = turn * np.stack([np.sin(phase), np.cos(2 * phase), 0 * phase], axis=1)
        centre = np.tile(np.array([256.0, 200.0, 0.0]), (len(opening), 1))
        pose = HeadPose(np.full(len(opening), size), rotation_matrices(vectors), centre)
        return pose.place(points.astype(np.float32))

    return make


@pytest.fixture
def motion(space):
    """Motion of a lively talker with a blink every two seconds, `[300, dim]`."""
    rng = np.random.default_rng(0)
    frames = np.arange(300)
    motion = rng.normal(0, 0.05, (300, space.dim)).astype(np.float32)
    opening = np.maximum(0, 0.15 + 0.15 * np.sin(frames * 1.1) * np.sin(frames / 9))
    motion[:, space.groups["mouth"]] = np.outer(opening, space.opening_direction())
    motion[:, space.groups["lids"]] = 0.05 + 0.95 * (frames % 50 < 4)[:, None]
    return motion
