from __future__ import annotations

import cv2
import numpy as np
import pytest

from sonic.face.pose import LEVEL_PITCH, head_angles
from sonic.face.topology import LANDMARK_COUNT, canonical_vertices


def turned_head(degrees):
    """The canonical head turned by a rotation vector, as landmarks of a picture."""
    rotation = cv2.Rodrigues(np.radians(np.array(degrees, np.float64)))[0]
    landmarks = np.zeros((LANDMARK_COUNT, 3), np.float32)
    landmarks[:468] = canonical_vertices() @ rotation.T * 20 + [300, 200, 0]
    return landmarks


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((0, -25, 0), (25, 0, 0)),  # about y, the nose goes to the right for a negative turn
        ((15, 0, 0), (0, 15, 0)),
        ((0, 0, 30), (0, 0, 30)),
    ],
)
def test_angles_of_a_turned_head(turn, expected):
    yaw, pitch, roll = head_angles(turned_head(turn))
    np.testing.assert_allclose((yaw, pitch + LEVEL_PITCH, roll), expected, atol=0.05)


def test_yaw_points_where_the_nose_points():
    landmarks = turned_head((0, -25, 0))
    assert landmarks[1, 0] > landmarks[[234, 454], 0].mean()
    assert head_angles(landmarks).yaw > 0


def test_pitch_grows_as_the_nose_goes_down():
    assert turned_head((15, 0, 0))[1, 1] > turned_head((0, 0, 0))[1, 1]
