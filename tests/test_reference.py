from __future__ import annotations

import numpy as np
import pytest

import sonic
from sonic.face.landmarks import FaceTracker
from sonic.motion.space import MotionSpace
from sonic.progress import Reporter
from sonic.reference import borrow_motion


@pytest.fixture(scope="module")
def space(model):
    return MotionSpace.load(model.folder / "space.safetensors")


@pytest.fixture(scope="module")
def nodding(model, portrait_path, speech_path, tmp_path_factory):
    """A video of the example portrait that moves its head a lot."""
    path = tmp_path_factory.mktemp("reference") / "nodding.mp4"
    options = {"duration": 2.4, "crop": "face", "min_resolution": 256, "inference_steps": 8, "seed": 3}
    video = model.generate(audio=speech_path, image=portrait_path, motion_scale=1.6, **options)
    return video.export(path)


def drawn_heads(frames, space):
    """Head vectors [T, 5] of frames, tracked again."""
    tracker = FaceTracker()
    return space.encode(np.stack([tracker.track(frame)[0] for frame in frames]))[:, space.groups["head"]]


def test_the_head_moves_as_in_the_reference_video(model, portrait_path, tone, nodding, space):
    video = model.generate(
        audio=(tone(2.4), 16_000), image=portrait_path, reference_video=nodding,
        crop="face", min_resolution=256, inference_steps=2, seed=9,
    )  # fmt: skip
    wanted = borrow_motion(nodding, space, Reporter(None))[:, space.groups["head"]]
    heads = drawn_heads(video.frames(), space)
    count = min(len(heads), len(wanted))
    for axis in range(2):  # pitch and yaw
        assert np.corrcoef(heads[:count, axis], wanted[:count, axis])[0, 1] > 0.8


def test_a_picture_a_sound_and_nothing_are_no_reference(space, portrait_path, speech_path, tmp_path):
    with pytest.raises(sonic.VideoError, match="at least one second"):
        borrow_motion(portrait_path, space, Reporter(None))
    with pytest.raises(sonic.InputError, match="video"):
        borrow_motion(speech_path, space, Reporter(None))
    with pytest.raises(sonic.VideoError, match="does not exist"):
        borrow_motion(tmp_path / "none.mp4", space, Reporter(None))
