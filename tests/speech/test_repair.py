from __future__ import annotations

import numpy as np
import pytest

from sonic.speech.repair import FeatureRepair


@pytest.fixture(scope="module")
def repair():
    return FeatureRepair()


@pytest.mark.parametrize("count", [1, 2, 100])
def test_as_many_features_come_out_as_go_in(repair, count):
    repaired = repair(np.zeros((count, 384), np.float32))
    assert repaired.shape == (count, 384)
    assert np.isfinite(repaired).all()


def test_a_feature_depends_on_no_more_than_its_reach(repair):
    features = np.random.default_rng(0).standard_normal((100, 384)).astype(np.float32)
    changed = features.copy()
    changed[50] += 1
    difference = np.abs(repair(features) - repair(changed)).max(axis=1)
    assert set(np.flatnonzero(difference > 1e-4)) <= set(range(50 - repair.reach, 51 + repair.reach))
    assert difference[50] > 1e-2
