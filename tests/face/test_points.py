from __future__ import annotations

import json

import numpy as np
import pytest

from sonic.errors import FacePointsError
from sonic.face.fitting import average_landmarks, fit_landmarks
from sonic.face.guess import guess_points
from sonic.face.points import POINTS, REQUIRED, FacePoints
from sonic.face.portrait import analyse_portrait
from sonic.face.pose import head_angles
from sonic.face.topology import FACE_OVAL, INNER_LIPS_LOWER, INNER_LIPS_UPPER, eye_distance

EYES = {"right_eye_outer": (40, 50), "left_eye_outer": (80, 50)}


@pytest.fixture(scope="module")
def points(portrait):
    return FacePoints.of(portrait.landmarks)


def some(points, names):
    return FacePoints({name: points.places[name] for name in names})


def error(fitted, portrait):
    """Mean distance of the mesh from the tracked one, eye distances."""
    distances = np.linalg.norm((fitted - portrait.landmarks)[:468, :2], axis=1)
    return distances.mean() / float(eye_distance(portrait.landmarks))


def test_the_mesh_passes_through_the_points(points, portrait):
    fitted = fit_landmarks(points)
    assert fitted.shape == (478, 3)
    assert fitted.dtype == np.float32
    np.testing.assert_allclose(fitted[points.rows, :2], points.array(), atol=0.6)
    assert error(fitted, portrait) < 0.06


def test_the_required_points_are_enough(points, portrait):
    assert error(fit_landmarks(some(points, REQUIRED)), portrait) < 0.12


def test_a_fitted_face_is_upright_and_in_order(points):
    fitted = fit_landmarks(points)
    angles = head_angles(fitted)
    assert abs(angles.roll) < 10
    assert abs(angles.yaw) < 20
    assert fitted[list(INNER_LIPS_UPPER[4:7]), 1].mean() < fitted[list(INNER_LIPS_LOWER[4:7]), 1].mean()
    assert fitted[4, 2] < fitted[234, 2]  # the nose is nearer than the ear


def test_a_turned_and_larger_face_fits_as_well(points):
    turn = np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]]) * 2.5
    moved = FacePoints({name: tuple(turn @ place + (300, 10)) for name, place in points.places.items()})
    back = (fit_landmarks(moved)[:, :2] - (300, 10)) @ np.linalg.inv(turn).T
    fitted = fit_landmarks(points)[:, :2]
    np.testing.assert_allclose(back[:468], fitted[:468], atol=0.5)
    assert head_angles(fit_landmarks(moved)).roll == pytest.approx(
        head_angles(fit_landmarks(points)).roll + np.degrees(0.5), abs=3
    )


def test_an_average_face_lies_where_it_is_asked_for():
    landmarks = average_landmarks(np.array([200.0, 150.0]), 100.0)
    oval = landmarks[list(FACE_OVAL), :2]
    assert np.ptp(oval[:, 0]) == pytest.approx(100, abs=3)
    assert abs(oval.mean(axis=0) - (200, 150)).max() < 15


def test_points_are_read_from_a_file_that_was_written(points, tmp_path):
    path = tmp_path / "points.json"
    path.write_text(points.to_json(), encoding="utf-8")
    assert FacePoints.read(path) == points
    assert list(json.loads(path.read_text())) == list(POINTS)
    assert FacePoints.read(dict(points.places)) == points
    assert FacePoints.read(points) is points


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ({}, "lack right_eye_outer"),
        (EYES, "lack right_eye_inner"),
        ({"ear": (1, 2)}, "'ear' is unknown"),
        ({"chin": (1, 2, 3)}, "give two numbers"),
        ({"chin": (1, float("nan"))}, "give two numbers"),
        ({"chin": "here"}, "give two numbers"),
        (dict.fromkeys(REQUIRED, (5, 5)), "same place"),
    ],
)
def test_bad_points_are_named(places, message):
    with pytest.raises(FacePointsError, match=message):
        FacePoints.read(places)


@pytest.mark.parametrize(
    ("content", "message"), [("[1]", "no names"), ("{", "no JSON"), (None, "cannot be read")]
)
def test_bad_files_are_named(tmp_path, content, message):
    path = tmp_path / "points.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(FacePointsError, match=message):
        FacePoints.read(path)


def test_points_replace_the_search(points):
    blank = np.full((512, 512, 3), 120, np.uint8)
    portrait = analyse_portrait(blank, face_points=points)
    np.testing.assert_allclose(portrait.landmarks[points.rows, :2], points.array(), atol=0.6)
    assert portrait.face_count == 1


def test_the_guess_is_the_face_that_is_found(picture, points):
    guess, found = guess_points(picture)
    assert found
    assert guess == points


def test_the_guess_in_a_blank_picture_is_an_average_face():
    guess, found = guess_points(np.full((300, 400, 3), 200, np.uint8))
    assert not found
    assert (guess.array() > 0).all()
    assert (guess.array() < (400, 300)).all()
    assert guess.places["nose_tip"] == pytest.approx((200, 150), abs=40)
