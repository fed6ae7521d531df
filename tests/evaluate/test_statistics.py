from __future__ import annotations

import numpy as np
import pytest

from sonic.evaluate.statistics import estimate_mean, estimate_median, median

VALUES = np.random.default_rng(0).normal(5, 1, 200)


def test_interval_holds_the_median():
    found = estimate_median(VALUES, [str(k) for k in range(200)])
    assert found.value == pytest.approx(np.median(VALUES))
    assert found.low < found.value < found.high
    assert found.high - found.low < 0.7


def test_few_people_make_wide_intervals():
    shifted = VALUES + np.repeat([-2, 0, 2, 0], 50)
    many = estimate_median(shifted, [str(k) for k in range(200)])
    few = estimate_median(shifted, [str(k // 50) for k in range(200)])
    assert few.high - few.low > 2 * (many.high - many.low)


def test_unknown_values_do_not_count():
    values = np.array([1.0, np.nan, 3.0])
    assert median(values) == 2
    assert estimate_median(values, "abc").value == 2
    assert np.isnan(estimate_median(np.array([np.nan]), "a").low)
    assert estimate_mean(np.array([1.0, 0.0, np.nan]), "abc").value == 0.5
