from __future__ import annotations

import cv2
import numpy as np
import pytest

from sonic.face.detect import Detection, FaceDetector, merge_detections


@pytest.fixture(scope="module")
def detector():
    return FaceDetector()


def box(x, y, size, score):
    return Detection(np.array([x, y, size, size], np.float32), np.zeros((6, 2), np.float32), score)


def test_the_face_is_found_with_its_parts_in_order(detector, picture):
    (face,) = detector.detect(picture)
    right_eye, left_eye, nose, mouth, right_ear, left_ear = face.keypoints
    assert right_ear[0] < right_eye[0] < nose[0] < left_eye[0] < left_ear[0]
    assert right_eye[1] < nose[1] < mouth[1]
    assert face.score > 0.8


@pytest.mark.parametrize("side", [1200, 300, 100])
def test_size_does_not_matter(detector, picture, side):
    (whole,) = detector.detect(picture)
    (face,) = detector.detect(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA))
    np.testing.assert_allclose(face.keypoints * 512 / side, whole.keypoints, atol=0.06 * whole.size)


def test_a_small_face_in_a_large_picture_is_found(detector, picture):
    canvas = np.full((1500, 1500, 3), 190, np.uint8)
    canvas[1200:1350, 300:450] = cv2.resize(picture, (150, 150), interpolation=cv2.INTER_AREA)
    (face,) = detector.detect(canvas)
    assert 300 < face.centre[0] < 450
    assert 1200 < face.centre[1] < 1350


def test_a_thorough_search_finds_faces_of_unlike_sizes(detector, picture):
    canvas = np.full((600, 1400, 3), 190, np.uint8)
    canvas[:512, :512] = picture
    canvas[300:550, 1100:1350] = cv2.resize(picture, (250, 250), interpolation=cv2.INTER_AREA)
    faces = next(detector.search(canvas, thorough=True))
    steady = [face for face in faces if face.score > 0.7]
    assert len(steady) == 2
    assert steady[0].size > 1.7 * steady[1].size


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_blank_picture_has_no_face(detector, shade):
    assert detector.detect(np.full((200, 300, 3), shade, np.uint8)) == []


def test_overlapping_boxes_become_one_weighted_by_score():
    merged = merge_detections([box(0, 0, 100, 0.9), box(10, 0, 100, 0.3), box(300, 300, 50, 0.8)])
    assert [face.score for face in merged] == [0.9, 0.8]
    np.testing.assert_allclose(merged[0].box, [2.5, 0, 100, 100], atol=1e-4)


def test_a_part_of_a_face_is_not_a_face():
    assert len(merge_detections([box(0, 0, 100, 0.9), box(30, 30, 40, 0.6)])) == 1
