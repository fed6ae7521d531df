from __future__ import annotations

from importlib import resources

import numpy as np
import pytest

from sonic.face.portrait import analyse_portrait
from sonic.media.image import load_image
from sonic.motion.space import FaceMotion, MotionSpace
from sonic.render.mouth_network import mouth_of
from sonic.render.renderer import Renderer


@pytest.fixture(scope="session")
def space():
    return MotionSpace.load(resources.files("sonic") / "assets" / "sonic-base" / "space.safetensors")


@pytest.fixture(scope="session")
def portrait(portrait_path):
    return analyse_portrait(load_image(portrait_path))


@pytest.fixture(scope="session")
def renderer(portrait, space):
    mouth = mouth_of(resources.files("sonic") / "assets")
    return Renderer(portrait, space, resolution=384, crop="face", mouth=mouth)


@pytest.fixture
def still():
    """A face that does nothing for `frames` frames; fields can be given."""

    def make(frames=1, **fields):
        zeros = {
            "displacement": np.zeros((frames, 478, 3), np.float32),
            "lids": np.zeros((frames, 2), np.float32),
            "gaze": np.zeros((frames, 2), np.float32),
            "rotation": np.zeros((frames, 3), np.float32),
            "translation": np.zeros((frames, 2), np.float32),
        }
        return FaceMotion(
            **{**zeros, **{name: np.asarray(value, np.float32) for name, value in fields.items()}}
        )

    return make
