from __future__ import annotations

import os

import pytest

from sonic.batch.dispatch import dispatch
from sonic.batch.maker import Equipment

ray = pytest.importorskip("ray", reason="the scale extra is not installed")


@pytest.fixture(scope="module")
def cluster():
    """A Ray of two cores on this machine."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="error",
        object_store_memory=100 * 2**20,
    )
    yield
    ray.shutdown()


@pytest.mark.usefixtures("cluster")
def test_a_batch_on_ray_survives_the_loss_of_an_actor(tasks):
    from sonic.batch.ray import RayCrew

    crew = RayCrew(Equipment())
    assert crew.size == 2
    hired = []

    class Watched(RayCrew):
        def hire(self):
            worker = super().hire()
            hired.append(worker)
            return worker

    outcomes = []
    for outcome in dispatch([*tasks, tasks[0]], Watched(Equipment(), 1)):
        outcomes.append(outcome)
        if len(outcomes) == 1:
            ray.kill(hired[0]._actor)
    assert [outcome.status for outcome in outcomes] == ["succeeded"] * 3
    assert len(hired) == 2
    assert sorted(path.name for path in tasks[0].target.parent.iterdir()) == sorted(t.output for t in tasks)
