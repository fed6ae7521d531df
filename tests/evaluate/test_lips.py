from __future__ import annotations

import numpy as np
import pytest

from sonic.evaluate.lips import amplitude, closures_met, concordance, lip_vertex_error, offset, wrong_gain

WAVE = 0.1 + 0.1 * np.sin(np.arange(100) / 2)


def test_concordance_punishes_size_and_level():
    assert concordance(WAVE, WAVE) == pytest.approx(1)
    assert concordance(WAVE + 0.1, WAVE) == pytest.approx(2 * WAVE.var() / (2 * WAVE.var() + 0.01), rel=1e-6)
    assert concordance(2 * WAVE, WAVE) < 0.9
    assert concordance(-WAVE, WAVE) < 0
    assert concordance(np.zeros(5), np.zeros(5)) == 0


def test_lip_vertex_error_is_the_largest_squared_error(space):
    real = np.zeros((10, space.dim), np.float32)
    made = real.copy()
    made[:5, space.groups["mouth"]] = 0.1 * space.opening_direction()
    points = np.tensordot(made[0, space.groups["mouth"]], space.mouth_basis, 1)
    largest = (points**2).sum(-1).max()
    assert lip_vertex_error(made, real, space) == pytest.approx(largest / 2, rel=0.3)
    assert lip_vertex_error(real, real, space) == 0


def test_amplitude_compares_spreads():
    assert amplitude(0.5 * WAVE, WAVE) == pytest.approx(0.5)


@pytest.mark.parametrize("late", [-2, 0, 3])
def test_offset_is_how_late_the_lips_are(late):
    noise = np.convolve(np.random.default_rng(0).normal(size=120), np.ones(3) / 3)
    assert offset(np.roll(noise, late), noise) == pytest.approx(late, abs=0.3)


def test_short_or_still_series_have_no_offset():
    assert np.isnan(offset(WAVE[:30], WAVE[:30]))
    assert np.isnan(offset(np.zeros(100), WAVE))


def test_closures_are_met_or_missed():
    real = np.array([0.1, 0.0, 0.1, 0.1, 0.0, 0.0, 0.1])
    made = np.array([0.1, 0.1, 0.02, 0.1, 0.1, 0.1, 0.1])
    assert closures_met(made, real) == 0.5
    assert np.isnan(closures_met(made, real + 1))


def test_wrong_sound_costs():
    assert wrong_gain(0.8, 0.2) == pytest.approx(4)
    assert wrong_gain(0.5, 0.5) == pytest.approx(1)
