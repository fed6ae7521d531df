from __future__ import annotations

import numpy as np
import pytest

from sonic.errors import WeightsError
from sonic.face.portrait import analyse_portrait
from sonic.media.image import load_image
from sonic.motion.head import fit_head, mean_rotation, rotation_matrices, rotation_vectors
from sonic.motion.mouth import lip_gaps, lip_opening
from sonic.motion.space import MotionSpace


def test_rotation_vectors_and_matrices_are_inverse():
    vectors = np.random.default_rng(0).normal(0, 0.5, (50, 3)).astype(np.float32)
    vectors[0] = 0
    assert np.allclose(rotation_vectors(rotation_matrices(vectors)), vectors, atol=1e-5)


def test_mean_rotation_lies_in_the_middle():
    vectors = np.array([[0.2, 0, 0], [-0.2, 0, 0], [0, 0.3, 0], [0, -0.3, 0]], np.float32)
    assert np.allclose(mean_rotation(rotation_matrices(vectors)), np.eye(3), atol=1e-5)


def test_head_frame_takes_pose_away(space, track):
    pose, points = fit_head(track(np.zeros(30), turn=0.2), space.template)
    assert np.abs(points - points[0]).max() < 0.01
    assert np.allclose(pose.scale, 100, rtol=0.02)


def test_head_frame_puts_points_back(space, track):
    landmarks = track(np.linspace(0, 0.3, 20))
    pose, points = fit_head(landmarks, space.template)
    assert np.allclose(pose.place(points), landmarks, atol=0.05)


def test_talking_does_not_turn_the_head(space, track):
    talking = 0.15 + 0.15 * np.sin(np.arange(50))
    pose, _ = fit_head(track(talking, turn=0.0), space.template)
    angles = rotation_vectors(pose.rotation)
    assert np.degrees(np.abs(angles - angles[0]).max()) < 0.5


def test_encoding_reads_the_opening_it_was_given(space, track):
    opening = 0.15 * (1 + np.sin(np.arange(80) / 3))
    read = space.opening(space.encode(track(opening)))
    assert np.allclose(read, opening, atol=0.02)


def test_decoding_an_encoded_track_gives_its_lips_back(space, track):
    opening = 0.15 * (1 + np.sin(np.arange(80) / 3))
    motion = space.decode(space.encode(track(opening)))
    assert np.allclose(lip_opening(space.template + motion.displacement), opening, atol=0.02)


def test_neutral_closes_an_open_mouth(space, track):
    neutral = space.neutral(track(np.array([0.35]))[0])
    assert np.abs(lip_gaps(neutral)).max() < 1e-4
    assert np.abs(neutral - space.template).max() < 0.05


def test_neutral_of_a_photograph_has_closed_lips(space, portrait_path):
    portrait = analyse_portrait(load_image(portrait_path))
    assert np.abs(lip_gaps(space.neutral(portrait.landmarks))).max() < 1e-4


def test_no_motion_leaves_the_lips_closed_at_any_scale(space):
    rest = space.decode(np.zeros((1, space.dim), np.float32))
    assert not rest.displacement.any()


def test_lips_never_pass_through_each_other(space):
    wild = np.random.default_rng(0).normal(0, 3, (100, space.dim)).astype(np.float32)
    wild[:, space.groups["brows"]] = 0
    assert lip_gaps(space.decode(wild).displacement).min() > -1e-5


def test_wide_mouths_move_more(space):
    motion = np.ones((1, space.dim), np.float32)
    wide = space.template * np.array([1.2, 1, 1], np.float32)
    moved = [np.abs(space.decode(motion, neutral).displacement).max() for neutral in (space.template, wide)]
    assert moved[1] > 1.1 * moved[0]


def test_space_survives_saving(space, tmp_path):
    space.save(tmp_path / "space.safetensors")
    loaded = MotionSpace.load(tmp_path / "space.safetensors")
    assert np.array_equal(loaded.mouth_basis, space.mouth_basis)


@pytest.mark.parametrize("content", [b"", b"not a space"])
def test_a_damaged_space_says_so(tmp_path, content):
    path = tmp_path / "space.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="motion space"):
        MotionSpace.load(path)
