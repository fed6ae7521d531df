from __future__ import annotations

import numpy as np
import pytest

from sonic.config import options
from sonic.face.topology import CHIN, MOUTH_CORNERS
from sonic.motion.expression import BROW_POINTS, MOODS, Expression
from sonic.motion.mouth import lip_gaps
from sonic.motion.regions import EYES


@pytest.fixture
def wear(space):
    """A face at rest with its lips closed and its eyes open, then shut, in a mood."""

    def wear(mood, intensity=1.0):
        motion = np.zeros((2, space.dim), np.float32)
        motion[1, space.groups["lids"]] = 1
        return Expression.of(mood, intensity, space).on(space.decode(motion))

    return wear


def test_the_option_offers_every_mood():
    choices = next(option.choices for option in options() if option.name == "emotion")
    assert set(choices) == set(MOODS)


@pytest.mark.parametrize("mood", MOODS)
def test_lips_that_touch_go_on_touching_and_eyes_that_are_shut_stay_shut(wear, mood):
    worn = wear(mood)
    assert np.abs(lip_gaps(worn.displacement)).max() < 0.005
    assert worn.lids[1] == pytest.approx(1)
    assert np.abs(worn.displacement[:, EYES]).max() < 0.02


def test_neutral_changes_nothing(wear, space):
    rest = space.decode(np.zeros((2, space.dim), np.float32))
    worn = wear("neutral")
    assert np.array_equal(worn.displacement, rest.displacement)


def test_moods_look_like_themselves(wear):
    corners, brows = (lambda worn: worn.displacement[0, list(MOUTH_CORNERS)]), list(BROW_POINTS)
    happy, sad, angry, surprised = (wear(mood) for mood in ("happy", "sad", "angry", "surprised"))
    assert (corners(happy)[:, 1] < -0.03).all()  # up
    assert corners(happy)[0, 0] < -0.03 < 0.03 < corners(happy)[1, 0]  # and apart
    assert abs(happy.displacement[0, CHIN, 1]) < 0.02
    assert (corners(sad)[:, 1] > 0.02).all()
    assert (sad.displacement[0, brows[:2], 1] < sad.displacement[0, brows[4:], 1] - 0.03).all()
    assert (angry.displacement[0, brows[:2], 1] > 0.03).all()
    assert (surprised.displacement[0, brows, 1] < -0.05).all()
    assert surprised.lids[0].max() < -0.1 < 0.1 < happy.lids[0].min()


def test_intensity_is_a_share(wear):
    half, full = wear("sad", 0.5), wear("sad")
    assert np.allclose(2 * half.displacement, full.displacement, atol=1e-6)
