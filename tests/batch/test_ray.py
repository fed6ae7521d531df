from __future__ import annotations

import pytest

from sonic.batch.dispatch import dispatch
from sonic.batch.maker import Equipment

ray = pytest.importorskip("ray", reason="the scale extra is not installed")


@pytest.mark.usefixtures("ray_cluster")
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
