from __future__ import annotations

import numpy as np

from sonic.motion.pauses import speaking


def test_speech_is_left_alone():
    heard = 0.1 + 0.1 * np.sin(np.arange(100) / 2)
    assert (speaking(heard) == 1).all()


def test_short_closures_are_no_pauses():
    heard = np.full(60, 0.2)
    heard[20:28] = 0.0
    assert (speaking(heard) == 1).all()


def test_the_mouth_rests_in_long_pauses_and_gets_there_gently():
    heard = np.r_[np.full(40, 0.2), np.full(60, 0.03), np.full(40, 0.2)]
    share = speaking(heard)
    assert share[55:85].max() == 0
    assert share[:40].min() == share[100:].min() == 1
    assert np.abs(np.diff(share)).max() < 0.2
