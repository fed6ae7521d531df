from __future__ import annotations

import cv2
import numpy as np
import pytest

from sonic.errors import FaceCutError, FaceIndexError, FaceTooSmallError, NoFaceError, ProfileError
from sonic.face.crop import head_square
from sonic.face.portrait import analyse_portrait
from sonic.face.topology import FACE_OVAL, eye_distance


def resized(picture, side):
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def pair(picture):
    """A large and a small face side by side, 512 and 400 pixels high."""
    small = np.full((512, 400, 3), 200, np.uint8)
    small[50:450] = resized(picture, 400)
    return np.hstack([small, picture])


def test_the_example_is_one_frontal_face(picture, portrait):
    assert portrait.face_count == 1
    assert portrait.score > 0.9
    assert abs(portrait.yaw) < 15
    assert abs(portrait.pitch) < 15
    assert abs(portrait.roll) < 15
    assert portrait.image is picture


def test_the_crop_holds_the_head_and_lies_in_the_picture(portrait):
    crop = portrait.crop
    assert crop.x >= 0
    assert crop.y >= 0
    assert crop.x + crop.size <= 512
    assert crop.y + crop.size <= 512
    oval = portrait.landmarks[list(FACE_OVAL), :2]
    assert (oval >= [crop.x, crop.y]).all()
    assert (oval <= [crop.x + crop.size, crop.y + crop.size]).all()
    assert 4 < crop.size / eye_distance(portrait.landmarks) < 9


def test_expand_ratio_adds_room_on_every_side(portrait):
    landmarks = portrait.landmarks + np.array([1000, 1000, 0], np.float32)
    person = np.zeros((2600, 2600), np.float32)
    bare, roomy = (head_square(landmarks, person, ratio) for ratio in (0, 0.5))
    assert roomy.size == pytest.approx(2 * bare.size)
    assert bare.x - roomy.x == pytest.approx(bare.size / 2)
    assert bare.y - roomy.y == pytest.approx(bare.size / 2)


def test_hair_makes_the_crop_higher(portrait):
    landmarks = portrait.landmarks + np.array([500, 500, 0], np.float32)
    person = np.zeros((1600, 1600), np.float32)
    bald = head_square(landmarks, person, 0)
    person[400:] = 1
    assert head_square(landmarks, person, 0).size > bald.size


def test_the_mask_holds_the_face_and_not_the_corner(portrait):
    mask = portrait.person
    assert mask.shape == (512, 512)
    assert mask.dtype == np.float32
    assert mask.min() >= 0
    assert mask.max() <= 1
    columns, rows = np.round(portrait.landmarks[[1, 9, 50, 280], :2]).astype(int).T
    assert (mask[rows, columns] > 0.95).all()
    assert mask[5:60, 5:60].mean() < 0.1


def test_the_largest_face_is_taken_unless_another_is_asked_for(pair):
    assert analyse_portrait(pair).landmarks[:, 0].mean() > 400
    second = analyse_portrait(pair, face_index=1)
    assert second.face_count == 2
    assert second.landmarks[:, 0].mean() < 400


@pytest.mark.parametrize("index", [-1, 2])
def test_asking_for_a_face_that_is_not_there(pair, index):
    with pytest.raises(FaceIndexError, match=rf"face_index {index} .* 2 faces: use 0 to 1"):
        analyse_portrait(pair, face_index=index)


def test_asking_for_the_second_of_one_face(pair):
    with pytest.raises(FaceIndexError, match="1 face: use 0, the largest"):
        analyse_portrait(np.ascontiguousarray(pair[:, :400]), face_index=1)


def test_no_face():
    noise = np.random.default_rng(1).integers(0, 255, (300, 300, 3), dtype=np.uint8)
    for picture in (noise, np.full((300, 200, 3), 90, np.uint8)):
        with pytest.raises(NoFaceError, match="No face was found"):
            analyse_portrait(picture)


def test_the_background_alone_is_no_face(picture, portrait):
    below = int(portrait.landmarks[:, 1].max()) + 20
    with pytest.raises(NoFaceError):
        analyse_portrait(np.ascontiguousarray(picture[below:]))


def test_a_face_of_too_few_pixels(picture):
    with pytest.raises(FaceTooSmallError, match=r"\d+ pixels wide and 48 are needed"):
        analyse_portrait(resized(picture, 150))


@pytest.mark.parametrize("side", ["left", "right", "lower", "upper"])
def test_a_face_that_the_border_cuts(picture, portrait, side):
    face = portrait.landmarks[:468, :2]
    low, high = face.min(axis=0), face.max(axis=0)
    x, y = (int(value) for value in low + 0.3 * (high - low))
    right, bottom = (int(value) for value in high - 0.3 * (high - low))
    cut = {
        "left": picture[:, x:],
        "right": picture[:, :right],
        "lower": picture[:bottom],
        "upper": picture[y + 12 :],
    }[side]
    with pytest.raises(FaceCutError, match=f"The {side} border"):
        analyse_portrait(np.ascontiguousarray(cut))


def test_a_picture_on_its_side(picture):
    with pytest.raises(ProfileError, match="turn the picture upright"):
        analyse_portrait(cv2.rotate(picture, cv2.ROTATE_90_CLOCKWISE))


def test_a_leaning_head_is_fine(picture):
    turn = cv2.getRotationMatrix2D((226, 140), -25, 1)
    leaning = analyse_portrait(cv2.warpAffine(picture, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE))
    assert leaning.roll == pytest.approx(analyse_portrait(picture).roll + 25, abs=3)
