from __future__ import annotations

import numpy as np
import pytest

from sonic.evaluate.liveliness import blinks, head_speed, jerk, liveliness, seam_ratio, tremor
from sonic.evaluate.liveliness import upper_face_dynamics as dynamics

TIME = np.arange(250) / 25


def test_blinks_are_counted_by_length():
    lids = np.zeros((250, 2))
    for first, length in ((20, 3), (100, 5), (150, 40), (240, 1)):
        lids[first : first + length] = 1
    assert blinks(lids) == [3, 5]


def test_head_speed_in_degrees_a_second():
    turn = np.zeros((100, 3))
    turn[:, 1] = np.radians(10 * np.arange(100) / 25)
    assert head_speed(turn) == pytest.approx(10)
    shaking = turn + np.radians(0.2) * np.resize([1, -1], 100)[:, None]
    assert head_speed(shaking) > 15
    assert head_speed(shaking, 5) < 13


def test_tremor_is_the_share_above_eight_hertz():
    slow, fast = np.sin(2 * np.pi * 2 * TIME), np.sin(2 * np.pi * 10 * TIME)
    assert tremor(np.stack([slow, fast, slow + fast], 1)) == pytest.approx([0, 1, 0.5], abs=0.01)


def test_jerk_of_a_parabola_is_zero_and_of_a_cubic_six():
    assert jerk(np.arange(20.0)[:, None] ** 2) == pytest.approx(0, abs=1e-6)
    assert jerk((TIME[:20, None]) ** 3) == pytest.approx(6)


def test_a_seam_stands_out():
    smooth = np.sin(TIME)[:, None]
    broken = smooth.copy()
    broken[100:] += 0.5
    assert seam_ratio(broken, [100]) > 20
    assert seam_ratio(smooth, [100]) == pytest.approx(1, abs=0.6)
    assert np.isnan(seam_ratio(smooth, []))


def test_still_brows_have_no_dynamics(space):
    motion = np.zeros((100, space.dim), np.float32)
    assert dynamics(motion, space) == 0
    motion[::2, space.groups["brows"]] = 1
    assert dynamics(motion, space) > 0


def test_liveliness_is_weighted_by_length(space):
    still, blinking = np.zeros((1250, space.dim), np.float32), np.zeros((250, space.dim), np.float32)
    blinking[100:104, space.groups["lids"]] = 1
    found = liveliness([still, blinking], space)
    assert found["blinks_per_minute"] == pytest.approx(1)
    assert found["blink_seconds"] == pytest.approx(0.16)
    assert found["head_speed"] == 0
