from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the train extra is not installed")
pytest.importorskip("scipy", reason="the train extra is not installed")

from made_up import make_videos

import sonic
from sonic.motion.head import HeadPose, rotation_matrices
from sonic.motion.space import MotionSpace
from sonic.train.prepare.stages import prepare
from sonic.train.prepare.tracks import Track

FRAMES = 64


@pytest.fixture(scope="session")
def shipped_space():
    return MotionSpace.load(Path(sonic.__file__).parent / "assets" / "sonic-base" / "space.safetensors")


@pytest.fixture(scope="session")
def talk(shipped_space):
    """A made-up track: a head that turns a little while its lips open and close."""

    def make(seed, frames=FRAMES):
        rng = np.random.default_rng(seed)
        time = np.arange(frames)
        opening = 0.2 * np.maximum(0, np.sin(time * rng.uniform(0.5, 0.9) + rng.uniform(0, 6)))
        mouth = np.outer(opening, shipped_space.opening_direction())
        mouth += rng.normal(0, 0.2, mouth.shape)
        points = shipped_space.template + np.tensordot(mouth, shipped_space.mouth_basis, 1)
        points += rng.normal(0, 0.002, points.shape)
        vectors = 0.05 * np.stack([np.sin(time / 9), np.cos(time / 7), np.sin(time / 5)], axis=1)
        centre = np.tile(np.array([128.0, 100.0, 0.0]), (frames, 1))
        pose = HeadPose(np.full(frames, 60.0), rotation_matrices(vectors), centre)
        return Track(0, pose.place(points.astype(np.float32)), np.ones(frames, np.float32))

    return make


@pytest.fixture(scope="session")
def rows(tmp_path_factory):
    """The manifest of the made-up videos."""
    return make_videos(tmp_path_factory.mktemp("videos"))


@pytest.fixture(scope="session")
def data(tmp_path_factory, rows):
    """The made-up videos, prepared: six clips to train on, two in dev and one for the judge."""
    folder = tmp_path_factory.mktemp("data")
    prepare(rows, folder)
    return folder


@pytest.fixture(scope="session")
def space(data):
    return MotionSpace.load(data / "space.safetensors")
