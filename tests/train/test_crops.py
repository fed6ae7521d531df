from __future__ import annotations

import numpy as np
import pytest

from sonic.motion.head import fit_head
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


@pytest.fixture
def landmarks(talk):
    return talk(3).landmarks


def test_the_upper_teeth_rest_in_the_crop_while_the_head_moves(landmarks, shipped_space):
    """A point of the skull behind the lips stays where it is, though the head turns and the jaw drops."""
    affine = place_crops(landmarks, shipped_space)
    pose, points = fit_head(landmarks, shipped_space.template)
    lips = shipped_space.clip_neutral(points)[[13, 14]].mean(0)
    placed = to_crop(pose.place(np.stack([lips, lips + np.array([0.2, 0, 0])])), affine)
    steady = placed[4:-4]  # the ends of the smoothing know only one side
    assert np.abs(steady[:, 0] - [LIP_COLUMN, LIP_ROW]).max() < 1.5
    reach = np.linalg.norm(steady[:, 1] - steady[:, 0], axis=1)
    assert reach == pytest.approx(np.full(len(reach), 0.2 * PIXELS_PER_EYE_DISTANCE), abs=1)


def test_lips_lie_inside_the_crop(landmarks, shipped_space):
    lips = to_crop(landmarks[:, [61, 291, 0, 17]], place_crops(landmarks, shipped_space))
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
