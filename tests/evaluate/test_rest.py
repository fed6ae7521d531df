from __future__ import annotations

import numpy as np
import pytest

from sonic.evaluate.rest import envelope_agreement, heard_frames, opening_speed, silences


def test_silence_is_found_at_the_right_frames(buzz):
    loud = np.ones(60)
    loud[20:40] = 0
    level, heard = heard_frames(buzz(loud), 0, 60)
    assert heard[:19].all()
    assert not heard[21:39].any()
    assert level[30] == -60
    assert np.flatnonzero(silences(heard)).min() >= 21
    _, later = heard_frames(buzz(loud), 10, 60)
    assert np.array_equal(later[:45], heard[10:55])
    assert not later[50:].any()


def test_short_gaps_are_speech():
    heard = np.ones(30, bool)
    heard[10:14] = False
    assert not silences(heard).any()


def test_opening_speed_is_per_second():
    assert opening_speed(np.array([0.0, 0.1, 0.1])).tolist() == pytest.approx([0, 2.5, 0])


def test_envelope_agreement_knows_the_lag_and_ignores_drift():
    time = np.arange(200) / 25
    loudness = np.sin(2 * np.pi * 4 * time) * np.sin(2 * np.pi * 0.9 * time)
    found = envelope_agreement(np.roll(loudness, -2) + 5 * time, loudness)
    assert found.frames == pytest.approx(2, abs=0.3)
    assert found.correlation > 0.9
