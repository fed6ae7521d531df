from __future__ import annotations

import cv2
import numpy as np
import pytest

from sonic.face.detect import FaceDetector
from sonic.face.landmarks import FaceLandmarker, FaceTracker
from sonic.face.sampling import Region, cut_region
from sonic.face.topology import LEFT_IRIS, RIGHT_IRIS, eye_distance


def mirrored_features(landmarks, width):
    """Mouth corners, outer eye corners and irises of a mirrored face, in the order of the plain one."""
    points = landmarks[[291, 61, 263, 33, LEFT_IRIS[0], RIGHT_IRIS[0]], :2].copy()
    points[:, 0] = width - 1 - points[:, 0]
    return points


def test_landmarks_lie_on_the_face(portrait):
    # Read off the picture by eye: irises, nose tip and mouth corners.
    seen = {468: (203, 101), 473: (246, 103), 4: (223, 127), 61: (203, 140), 291: (246, 139)}
    for index, place in seen.items():
        assert np.linalg.norm(portrait.landmarks[index, :2] - place) < 4, (index, portrait.landmarks[index])
    assert portrait.landmarks[1, 2] < portrait.landmarks[152, 2] < portrait.landmarks[234, 2]


def test_landmarks_follow_the_mirrored_picture(picture, portrait):
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    face = FaceLandmarker().settle(mirrored, FaceDetector().detect(mirrored)[0])
    expected = portrait.landmarks[[61, 291, 33, 263, RIGHT_IRIS[0], LEFT_IRIS[0]], :2]
    slack = 0.05 * eye_distance(portrait.landmarks)
    np.testing.assert_allclose(mirrored_features(face.landmarks, picture.shape[1]), expected, atol=slack)


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_landmarks_scale_with_the_picture(picture, portrait, factor):
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=method)
    face = FaceLandmarker().settle(scaled, FaceDetector().detect(scaled)[0])
    slack = 0.05 * eye_distance(portrait.landmarks)
    np.testing.assert_allclose(face.landmarks[:, :2] / factor, portrait.landmarks[:, :2], atol=slack)


def test_landmarks_wobble_on_faces_less_than_elsewhere(picture):
    landmarker = FaceLandmarker()
    detection = FaceDetector().detect(picture)[0]
    scrambled = np.ascontiguousarray(picture[::-1])
    assert landmarker.settle(picture, detection).wobble < 0.006
    assert landmarker.settle(scrambled, detection).wobble > 0.015


def test_the_tracker_follows_a_moving_face(picture, portrait):
    tracker = FaceTracker()
    slack = 0.08 * eye_distance(portrait.landmarks)
    for shift in range(0, 60, 12):
        landmarks, score = tracker.track(np.roll(picture, shift, axis=1))
        assert score > 0.9
        np.testing.assert_allclose(landmarks[:, 0] - shift, portrait.landmarks[:, 0], atol=slack)


def test_the_tracker_finds_a_lost_face_again(picture):
    tracker = FaceTracker()
    assert tracker.track(picture)[0] is not None
    assert tracker.track(np.zeros_like(picture))[0] is None
    assert tracker.track(picture)[0] is not None


def test_a_region_maps_back_to_the_picture():
    region = Region(40.0, 60.0, 50.0, angle=0.3)
    corners = np.array([[0, 0], [100, 0], [50, 50]], np.float32)
    placed = region.to_picture(corners, 100)
    np.testing.assert_allclose(placed[2], [40, 60], atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(placed[1] - placed[0]), 50, atol=1e-3)
    np.testing.assert_allclose(np.arctan2(*(placed[1] - placed[0])[::-1]), 0.3, atol=1e-4)


def test_shrinking_a_region_keeps_its_place():
    picture = np.zeros((1200, 1200, 3), np.uint8)
    picture[592:608, 792:808] = 255  # its centre of mass is 599.5, 799.5
    drawn = cut_region(picture, Region(600.0, 600.0, 1000.0), 100)[..., 0].astype(float)
    rows, columns = np.mgrid[:100, :100]
    place = [(drawn * columns).sum() / drawn.sum(), (drawn * rows).sum() / drawn.sum()]
    expected = Region(600.0, 600.0, 1000.0).matrix(100) @ [799.5, 599.5, 1]
    np.testing.assert_allclose(place, expected, atol=0.1)
