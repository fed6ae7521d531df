from __future__ import annotations

import threading

import pytest

pytest.importorskip("sqlalchemy")

from sonic.service.database import Database
from sonic.service.durations import LIMITS, OUTCOMES, RUN, WAIT, read_durations
from sonic.service.queue import JobQueue


def jobs(database, measure):
    """Outcomes with their counts by limit, empty ones left out, and their seconds."""
    found = {}
    for outcome, spread in read_durations(database, measure).items():
        steps = zip(LIMITS, spread.jobs, (0, *spread.jobs), strict=False)
        if spread.jobs[-1]:
            counts = {limit: upto - before for limit, upto, before in steps if upto > before}
            found[outcome] = counts, spread.seconds
    return found


def test_waiting_and_working_are_counted_once_and_outlive_the_job(
    database, store, queue, a_job, clock, video
):
    job = store.create(a_job())
    clock.advance(seconds=7)
    queue.claim("lost")
    clock.advance(seconds=31)
    queue.claim("worker")
    clock.advance(seconds=9)
    queue.finish(job.id, "worker", video)
    store.delete(job.id)
    assert jobs(database, WAIT) == {"started": ({10.0: 1}, 7.0)}
    assert jobs(database, RUN) == {"succeeded": ({60.0: 1}, 40.0)}


def test_every_end_is_told_apart(database, store, queue, a_job, clock, video):
    made, failing, stopped = (store.create(a_job(cache_key=digit * 64)).id for digit in "345")
    clock.advance(seconds=0.4)
    for _ in range(3):
        queue.claim("worker")
    unwanted = store.create(a_job(cache_key="6" * 64)).id
    clock.advance(seconds=0.4)
    store.cancel(unwanted)
    clock.advance(hours=3)
    queue.finish(made, "worker", video)
    queue.fail(failing, "worker", code="no_face", message="none", retry=False)
    queue.canceled(stopped, "worker")
    store.create(a_job(cache_key="3" * 64))
    assert jobs(database, WAIT) == {
        "started": ({0.5: 3}, pytest.approx(1.2)),
        "canceled": ({0.5: 1}, pytest.approx(0.4)),
        "cached": ({0.5: 1}, 0.0),
    }
    assert jobs(database, RUN) == {
        state: ({float("inf"): 1}, pytest.approx(10_800.4)) for state in ("succeeded", "failed", "canceled")
    }
    assert {measure: tuple(read_durations(database, measure)) for measure in OUTCOMES} == OUTCOMES


def test_many_at_a_time_lose_none(database_url, database, store, a_job):
    """Each ends several jobs in one transaction, in another order than the others."""
    for number in range(24):
        store.create(a_job(cache_key=f"{number:064d}"))

    def work(name):
        own = Database(database_url)
        queue = JobQueue(own, attempts=1)
        while (job := queue.claim(name)) is not None:
            if int(job.cache_key) % 3:
                queue.canceled(job.id, name)
            else:
                queue.release(name)
        own.close()

    threads = [threading.Thread(target=work, args=(f"worker-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = {outcome: sum(counts.values()) for outcome, (counts, _) in jobs(database, RUN).items()}
    assert ended == {"failed": 8, "canceled": 16}
