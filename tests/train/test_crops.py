from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sonic
from sonic.motion.head import HeadPose, fit_head, rotation_matrices
from sonic.motion.space import MotionSpace
from sonic.train.prepare.crops import (
    CROP_HEIGHT,
    CROP_WIDTH,
    LIP_COLUMN,
    LIP_ROW,
    PIXELS_PER_EYE_DISTANCE,
    cut_crop,
    place_crops,
    to_crop,
)

FRAMES = 64


@pytest.fixture(scope="module")
def space():
    return MotionSpace.load(Path(sonic.__file__).parent / "assets" / "sonic-base" / "space.safetensors")


@pytest.fixture(scope="module")
def landmarks(space):
    """A face that sways and talks, picture pixels [T, 478, 3]."""
    rng, time = np.random.default_rng(3), np.arange(FRAMES)
    mouth = np.outer(0.2 * np.maximum(0, np.sin(0.7 * time)), space.opening_direction())
    points = space.template + np.tensordot(mouth, space.mouth_basis, 1)
    points = points + rng.normal(0, 0.002, points.shape)
    turns = rotation_matrices(0.05 * np.stack([np.sin(time / 9), np.cos(time / 7), np.sin(time / 5)], axis=1))
    pose = HeadPose(np.full(FRAMES, 60.0), turns, np.tile([128.0, 100.0, 0.0], (FRAMES, 1)))
    return pose.place(points.astype(np.float32))


def test_the_upper_teeth_rest_in_the_crop_while_the_head_moves(landmarks, space):
    """A point of the skull behind the lips stays where it is, though the head turns and the jaw drops."""
    affine = place_crops(landmarks, space)
    pose, points = fit_head(landmarks, space.template)
    lips = space.clip_neutral(points)[[13, 14]].mean(0)
    placed = to_crop(pose.place(np.stack([lips, lips + np.array([0.2, 0, 0])])), affine)
    steady = placed[4:-4]  # the ends of the smoothing know only one side
    assert np.abs(steady[:, 0] - [LIP_COLUMN, LIP_ROW]).max() < 1.5
    reach = np.linalg.norm(steady[:, 1] - steady[:, 0], axis=1)
    assert reach == pytest.approx(np.full(len(reach), 0.2 * PIXELS_PER_EYE_DISTANCE), abs=1)


def test_lips_lie_inside_the_crop(landmarks, space):
    lips = to_crop(landmarks[:, [61, 291, 0, 17]], place_crops(landmarks, space))
    assert lips.min() > 4
    assert (lips < [CROP_WIDTH - 4, CROP_HEIGHT - 4]).all()


@pytest.mark.parametrize("scale", [0.4, 1.0, 2.7])
def test_a_crop_shows_what_lies_under_it(scale):
    height, width = round(200 * scale), round(240 * scale)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    frame = np.stack([x / scale, y / scale, 0 * x], axis=2).round().astype(np.uint8)
    affine = scale * np.array([[1.0, 0, 40], [0, 1.0, 60]], np.float32)
    crop = cut_crop(frame, affine)
    assert crop.shape == (CROP_HEIGHT, CROP_WIDTH, 3)
    assert crop.dtype == np.uint8
    rows, columns = np.mgrid[0:CROP_HEIGHT, 0:CROP_WIDTH]
    assert np.abs(crop[..., 0] - (columns + 40.0)).max() <= 1.5
    assert np.abs(crop[..., 1] - (rows + 60.0)).max() <= 1.5
