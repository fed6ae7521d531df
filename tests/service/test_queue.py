from __future__ import annotations

import threading

import pytest

pytest.importorskip("sqlalchemy")

from sonic.service import transitions
from sonic.service.database import Database
from sonic.service.queue import JobQueue, Verdict


class TestQueue:
    """What both databases must do for those who make videos."""

    def test_a_job_goes_from_the_queue_to_its_video(self, store, queue, a_job, video):
        job = store.create(a_job(owner="anna"))
        assert (job.state, job.owner, job.attempts, job.config) == ("queued", "anna", 0, {"seed": 7})
        taken = queue.claim("worker")
        assert (taken.id, taken.state, taken.attempts, taken.lease_owner) == (job.id, "running", 1, "worker")
        assert queue.progress(
            job.id, "worker", {"stage": "frames", "done": 3, "total": 25, "seconds_left": 2.0}
        )
        assert store.get(job.id).progress["done"] == 3
        assert queue.finish(job.id, "worker", video)
        done = store.get(job.id)
        assert (done.state, done.output, done.output_bytes, done.media_type) == (
            "succeeded", video.output, 1000, "video/mp4",
        )  # fmt: skip
        assert (done.warnings, done.metrics, done.lease_owner) == (["soft"], {"frames": 25}, None)
        assert done.finished
        assert [event.kind for event in store.events(job.id)] == ["start", "progress", "completed"]

    def test_the_oldest_job_comes_first_and_each_only_once(self, store, queue, a_job, clock):
        jobs = []
        for number in range(3):
            jobs.append(store.create(a_job(cache_key=f"{number:064d}")))
            clock.advance(seconds=1)
        assert [queue.claim("worker").id for _ in jobs] == [job.id for job in jobs]
        assert queue.claim("worker") is None

    def test_two_claimers_never_get_the_same_job(self, database_url, store, a_job):
        for number in range(24):
            store.create(a_job(cache_key=f"{number:064d}"))
        taken = []

        def claim_all(name):
            database = Database(database_url)
            queue = JobQueue(database)
            while (job := queue.claim(name)) is not None:
                taken.append(job.id)
            database.close()

        threads = [threading.Thread(target=claim_all, args=(f"worker-{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(taken) == len(set(taken)) == 24

    def test_a_lease_that_runs_out_gives_the_job_to_another(self, store, queue, a_job, clock):
        job = store.create(a_job())
        queue.claim("first")
        clock.advance(seconds=29)
        assert queue.heartbeat(job.id, "first") is Verdict.GO_ON
        clock.advance(seconds=29)
        assert queue.claim("second") is None
        clock.advance(seconds=2)
        assert queue.claim("second").attempts == 2
        assert queue.heartbeat(job.id, "first") is Verdict.LOST
        assert [event.kind for event in store.events(job.id)] == ["start", "log", "start"]

    def test_who_has_lost_a_job_cannot_finish_it(self, store, queue, a_job, clock, video):
        job = store.create(a_job())
        queue.claim("first")
        clock.advance(seconds=31)
        queue.claim("second")
        assert not queue.finish(job.id, "first", video)
        assert not queue.fail(job.id, "first", code="internal", message="late", retry=False)
        assert not queue.progress(job.id, "first", {"done": 9})
        assert not queue.preview(job.id, "first", b"late")
        assert not queue.hand_back(job.id, "first")
        assert not queue.canceled(job.id, "first")
        assert store.get(job.id).lease_owner == "second"
        assert queue.finish(job.id, "second", video)
        assert not queue.finish(job.id, "second", video)
        assert [event.kind for event in store.events(job.id)].count("completed") == 1

    @pytest.mark.parametrize("end", ["lease", "release", "mixed"])
    def test_after_three_lost_workers_the_job_fails(self, store, queue, a_job, clock, end):
        job = store.create(a_job())
        for name in ("first", "second", "third"):
            assert queue.claim(name) is not None
            if end == "release":
                queue.release(name)
            elif end == "mixed" and name == "first":
                queue.fail(job.id, name, code="internal", message="broken", retry=True)
            clock.advance(seconds=31)
        assert queue.claim("fourth") is None
        lost = store.get(job.id)
        assert (lost.state, lost.error["code"], lost.attempts) == ("failed", "worker_lost", 3)

    def test_a_dead_worker_is_replaced_without_waiting(self, store, queue, a_job):
        job = store.create(a_job())
        queue.claim("dead")
        assert queue.release("dead") == 1
        assert queue.claim("next").id == job.id

    def test_a_worker_that_is_stopped_gives_its_job_back_uncounted(self, store, queue, a_job):
        job = store.create(a_job())
        queue.claim("stopped")
        assert queue.hand_back(job.id, "stopped")
        assert store.get(job.id).attempts == 0
        assert queue.claim("next").attempts == 1

    def test_failures_come_again_later_and_then_no_more(self, store, queue, a_job, clock):
        job = store.create(a_job())
        for wait in (2, 4):
            assert queue.claim("worker") is not None
            assert queue.fail(job.id, "worker", code="export", message="broken", retry=True)
            clock.advance(seconds=wait - 0.5)
            assert queue.claim("worker") is None
            clock.advance(seconds=1)
        queue.claim("worker")
        queue.fail(job.id, "worker", code="export", message="broken", retry=True)
        assert store.get(job.id).error == {"code": "export", "message": "broken"}
        assert store.get(job.id).state == "failed"

    def test_mistakes_in_the_inputs_are_not_tried_again(self, store, queue, a_job):
        job = store.create(a_job())
        queue.claim("worker")
        queue.fail(job.id, "worker", code="no_face", message="no face", retry=False)
        assert (store.get(job.id).state, store.get(job.id).attempts) == ("failed", 1)

    def test_canceling_a_running_job_tells_its_worker(self, store, queue, a_job):
        job = store.create(a_job())
        queue.claim("worker")
        canceling = store.cancel(job.id)
        assert (canceling.state, canceling.cancel_requested) == ("running", True)
        assert queue.heartbeat(job.id, "worker") is Verdict.CANCELED
        assert queue.canceled(job.id, "worker")
        assert store.get(job.id).state == "canceled"

    @pytest.mark.parametrize("end", ["lease", "release", "hand_back"])
    def test_a_canceled_job_is_not_tried_again(self, store, queue, a_job, clock, end):
        job = store.create(a_job())
        queue.claim("worker")
        store.cancel(job.id)
        clock.advance(seconds=31)
        if end == "release":
            queue.release("worker")
        elif end == "hand_back":
            queue.hand_back(job.id, "worker")
        assert queue.claim("next") is None
        assert store.get(job.id).state == "canceled"

    def test_twins_in_the_queue_are_made_once(self, store, queue, a_job, video):
        twins = {store.create(a_job()).id, store.create(a_job()).id}
        made = queue.claim("worker").id
        queue.finish(made, "worker", video)
        assert queue.claim("worker") is None
        assert store.get((twins - {made}).pop()).metrics["cached"]

    def test_previews_replace_each_other_and_go_at_the_end(self, store, queue, a_job, video):
        job = store.create(a_job())
        assert store.preview(job.id) is None
        queue.claim("worker")
        queue.preview(job.id, "worker", b"one")
        queue.preview(job.id, "worker", b"two")
        assert store.preview(job.id) == b"two"
        queue.finish(job.id, "worker", video)
        assert store.preview(job.id) is None

    def test_events_are_numbered_and_bounded(self, store, queue, a_job, monkeypatch):
        monkeypatch.setattr(transitions, "EVENTS_KEPT", 20)
        job = store.create(a_job())
        queue.claim("worker")
        for done in range(1, 60):
            queue.progress(job.id, "worker", {"done": done})
        events = store.events(job.id, limit=1000)
        numbers = [event.sequence for event in events]
        assert numbers == list(range(numbers[0], 61))
        assert 20 <= len(numbers) < 30
        assert [event.data["done"] for event in store.events(job.id, 58)] == [58, 59]

    def test_deleting_a_running_job_stops_its_worker(self, store, queue, a_job, video):
        job = store.create(a_job())
        queue.claim("worker")
        store.delete(job.id)
        assert queue.heartbeat(job.id, "worker") is Verdict.LOST
        assert not queue.finish(job.id, "worker", video)
