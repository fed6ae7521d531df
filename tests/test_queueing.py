from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def queueing(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("queueing")


def test_the_model_is_exact_where_theory_is(queueing):
    one = queueing.predicted(0.5, 1.0, 1.0, 1)  # M/M/1: busy / (rate of service - rate of arrival)
    assert (one.chance, one.mean) == pytest.approx((0.5, 1.0))
    assert queueing.predicted(0.5, 1.0, 0.0, 1).mean == pytest.approx(0.5)  # M/D/1 waits half as long
    assert queueing.erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert queueing.erlang_c(5_000, 4_900.0) == pytest.approx(0.09, abs=0.02)
    assert queueing.predicted(2.0, 1.0, 1.0, 2).mean == float("inf")


def test_the_simulation_agrees_with_theory(queueing):
    random = np.random.default_rng(0)
    waits = queueing.simulated(2.0, random.exponential(1.0, 100_000), 3, random)
    theory = queueing.predicted(2.0, 1.0, 1.0, 3)
    assert waits.mean() == pytest.approx(theory.mean, rel=0.05)
    assert (waits > 0).mean() == pytest.approx(theory.chance, rel=0.03)
    assert np.quantile(waits, 0.95) == pytest.approx(theory.late, rel=0.05)


def test_the_fewest_workers_meet_the_target(queueing):
    workers = queueing.fewest(0.125, 30.0, 0.4, 10.0)
    assert queueing.predicted(0.125, 30.0, 0.4, workers).mean <= 10.0
    assert queueing.predicted(0.125, 30.0, 0.4, workers - 1).mean > 10.0


def test_sizing_follows_the_service_times(queueing):
    times = queueing.ServiceTimes(2.0, 1.0, np.ones(1))
    first = queueing.sizing(times)[0]
    assert (first["audio s"], first["core s"], first["videos/h and core"]) == (10.0, 12.0, 300)
    assert first["cents a minute of video"] == pytest.approx(4 / 3600 * 12 * 6 / 0.85)


def test_times_are_a_line_through_what_was_measured(queueing):
    lengths = np.array([1.0, 2.0, 4.0])
    times = queueing.ServiceTimes.fitted(lengths, 2.0 + 1.5 * lengths)
    assert (times.start, times.rate) == pytest.approx((2.0, 1.5))
    drawn = times.draw(1000, np.random.default_rng(0))
    assert drawn.min() >= 2.0 + 1.5 * queueing.SHORTEST - 1e-9
    assert np.median(drawn) == pytest.approx(2.0 + 1.5 * queueing.MEDIAN_LENGTH, rel=0.1)
