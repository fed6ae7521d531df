from __future__ import annotations

import threading

import pytest

pytest.importorskip("sqlalchemy")

from sonic.errors import IdempotencyError, JobNotFoundError, QueueFullError, QuotaError
from sonic.service import transitions
from sonic.service.admission import Idempotency
from sonic.service.database import Database
from sonic.service.jobs import STATES, Limits, Outcome
from sonic.service.outbox import Outbox
from sonic.service.queue import JobQueue, Verdict
from sonic.service.store import JobStore

VIDEO = Outcome("4" * 64, 1000, "video/mp4", ("soft",), {"frames": 25})


@pytest.fixture
def store(database):
    return JobStore(database, retention=24)


@pytest.fixture
def queue(database):
    return JobQueue(database, lease=30, attempts=3)


def kinds(store, job):
    return [event.kind for event in store.events(job.id)]


class TestJobs:
    """What both databases must do, in the words of those who ask for videos and of those who make them."""

    def test_a_job_goes_from_the_queue_to_its_video(self, store, queue, a_job):
        job = store.create(a_job(owner="anna"))
        assert (job.state, job.owner, job.attempts, job.config) == ("queued", "anna", 0, {"seed": 7})
        taken = queue.claim("worker")
        assert (taken.id, taken.state, taken.attempts, taken.lease_owner) == (job.id, "running", 1, "worker")
        assert queue.progress(
            job.id, "worker", {"stage": "frames", "done": 3, "total": 25, "seconds_left": 2.0}
        )
        assert store.get(job.id).progress["done"] == 3
        assert queue.finish(job.id, "worker", VIDEO)
        done = store.get(job.id)
        assert (done.state, done.output, done.output_bytes, done.media_type) == (
            "succeeded", VIDEO.output, 1000, "video/mp4",
        )  # fmt: skip
        assert (done.warnings, done.metrics, done.lease_owner) == (["soft"], {"frames": 25}, None)
        assert done.finished
        assert kinds(store, job) == ["start", "progress", "completed"]

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
        assert kinds(store, job) == ["start", "log", "start"]

    def test_who_has_lost_a_job_cannot_finish_it(self, store, queue, a_job, clock):
        job = store.create(a_job())
        queue.claim("first")
        clock.advance(seconds=31)
        queue.claim("second")
        assert not queue.finish(job.id, "first", VIDEO)
        assert not queue.fail(job.id, "first", code="internal", message="late", retry=False)
        assert not queue.progress(job.id, "first", {"done": 9})
        assert not queue.preview(job.id, "first", b"late")
        assert not queue.hand_back(job.id, "first")
        assert not queue.canceled(job.id, "first")
        assert store.get(job.id).lease_owner == "second"
        assert queue.finish(job.id, "second", VIDEO)
        assert not queue.finish(job.id, "second", VIDEO)
        assert kinds(store, job).count("completed") == 1

    def test_after_three_lost_workers_the_job_fails(self, store, queue, a_job, clock):
        job = store.create(a_job())
        for name in ("first", "second", "third"):
            assert queue.claim(name) is not None
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

    def test_canceling_a_waiting_job_ends_it(self, store, queue, a_job):
        job = store.create(a_job())
        assert store.cancel(job.id).state == "canceled"
        assert store.cancel(job.id).state == "canceled"
        assert queue.claim("worker") is None

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

    def test_the_same_request_is_answered_from_what_was_made(self, store, queue, a_job):
        first = store.create(a_job())
        queue.claim("worker")
        queue.finish(first.id, "worker", VIDEO)
        second = store.create(a_job(owner="berta"))
        assert (second.state, second.output, second.attempts) == ("succeeded", VIDEO.output, 0)
        assert second.metrics == {"frames": 25, "cached": True}
        assert kinds(store, second) == ["completed"]
        assert store.create(a_job(cache_key="9" * 64)).state == "queued"

    def test_twins_in_the_queue_are_made_once(self, store, queue, a_job):
        twins = {store.create(a_job()).id, store.create(a_job()).id}
        made = queue.claim("worker").id
        queue.finish(made, "worker", VIDEO)
        assert queue.claim("worker") is None
        assert store.get((twins - {made}).pop()).metrics["cached"]

    def test_failed_jobs_answer_nobody(self, store, queue, a_job):
        store.create(a_job())
        queue.fail(queue.claim("worker").id, "worker", code="no_face", message="no face", retry=False)
        assert store.create(a_job()).state == "queued"

    def test_an_idempotency_key_stands_for_one_job(self, store, a_job):
        key = Idempotency("abc", "fingerprint")
        job = store.create(a_job(owner="anna"), idempotency=key)
        assert store.create(a_job(owner="anna"), idempotency=key).id == job.id
        assert store.create(a_job(owner="berta"), idempotency=key).id != job.id
        with pytest.raises(IdempotencyError, match="another request"):
            store.create(a_job(owner="anna"), idempotency=Idempotency("abc", "other"))
        store.delete(job.id)
        assert store.create(a_job(owner="anna"), idempotency=key).id != job.id

    def test_one_key_at_the_same_moment_makes_one_job(self, database_url, database, a_job):
        made = []

        def create():
            mine = Database(database_url)
            made.append(JobStore(mine).create(a_job(), idempotency=Idempotency("abc", "fingerprint")).id)
            mine.close()

        threads = [threading.Thread(target=create) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 6
        assert len(set(made)) == 1
        assert JobStore(database).counts()["queued"] == 1

    def test_a_full_queue_takes_only_what_is_answered_at_once(self, store, queue, a_job):
        first = store.create(a_job())
        queue.finish(queue.claim("worker").id, "worker", VIDEO)
        limits = Limits(queue=1)
        store.create(a_job(cache_key="5" * 64), limits=limits)
        with pytest.raises(QueueFullError, match="1 jobs are waiting") as full:
            store.create(a_job(cache_key="6" * 64), limits=limits)
        assert full.value.retry_after > 0
        assert store.create(a_job(), limits=limits).output == store.get(first.id).output

    def test_a_quota_counts_by_day_and_owner(self, store, a_job, clock):
        limits = Limits(jobs_per_day=2)
        key = Idempotency("abc", "fingerprint")
        for _ in range(3):
            store.create(a_job(owner="anna"), idempotency=key, limits=limits)
        store.create(a_job(owner="anna"), limits=limits)
        with pytest.raises(QuotaError, match="2 videos a day") as used_up:
            store.create(a_job(owner="anna"), limits=limits)
        assert used_up.value.retry_after == 16 * 3600
        store.create(a_job(owner="berta"), limits=limits)
        clock.advance(hours=16)
        store.create(a_job(owner="anna"), limits=limits)
        assert store.counts()["queued"] == 4

    def test_listing_goes_back_in_time_page_by_page(self, store, queue, a_job, clock):
        jobs = []
        for number in range(5):
            jobs.append(store.create(a_job(owner="anna", cache_key=f"{number:064d}")).id)
            clock.advance(milliseconds=2)
        store.create(a_job(owner="berta"))
        queue.claim("worker")
        newest = [job.id for job in store.list(owner="anna", limit=3)]
        assert newest == jobs[:1:-1]
        assert [job.id for job in store.list(owner="anna", after=newest[-1])] == jobs[1::-1]
        assert [job.id for job in store.list(status="running")] == jobs[:1]
        assert len(store.list()) == 6
        assert store.counts() == dict.fromkeys(STATES, 0) | {"queued": 5, "running": 1}

    def test_owners_see_only_their_own(self, store, a_job):
        job = store.create(a_job(owner="anna"))
        assert store.get(job.id, owner="anna").id == job.id
        for act in (store.get, store.cancel, store.delete):
            with pytest.raises(JobNotFoundError, match="no job"):
                act(job.id, owner="berta")

    def test_consent_is_kept_with_its_moment_and_inputs(self, store, a_job, clock):
        job = store.create(a_job(consent={"statement": "I agree.", "by": "Anna"}))
        assert store.get(job.id).consent == {
            "statement": "I agree.",
            "by": "Anna",
            "at": clock.now.isoformat(),
            "inputs": {"image": "1" * 64, "audio": "2" * 64},
        }

    def test_previews_replace_each_other_and_go_at_the_end(self, store, queue, a_job):
        job = store.create(a_job())
        assert store.preview(job.id) is None
        queue.claim("worker")
        queue.preview(job.id, "worker", b"one")
        queue.preview(job.id, "worker", b"two")
        assert store.preview(job.id) == b"two"
        queue.finish(job.id, "worker", VIDEO)
        assert store.preview(job.id) is None

    def test_events_are_numbered_and_bounded(self, store, queue, a_job, monkeypatch):
        monkeypatch.setattr(transitions, "EVENTS_KEPT", 100)
        job = store.create(a_job())
        queue.claim("worker")
        for done in range(1, 230):
            queue.progress(job.id, "worker", {"done": done})
        events = store.events(job.id, limit=1000)
        numbers = [event.sequence for event in events]
        assert numbers == list(range(numbers[0], 231))
        assert 100 <= len(numbers) < 200
        assert [event.data["done"] for event in store.events(job.id, 228)] == [228, 229]

    def test_finished_jobs_expire_and_waiting_ones_do_not(self, store, queue, a_job, clock):
        done = store.create(a_job())
        queue.finish(queue.claim("worker").id, "worker", VIDEO)
        waiting = store.create(a_job(cache_key="5" * 64))
        assert (store.get(done.id).expires_at - clock.now).total_seconds() == 24 * 3600
        clock.advance(hours=23)
        assert store.expire() == 0
        clock.advance(hours=2)
        assert store.expire() == 1
        assert [job.id for job in store.list()] == [waiting.id]
        assert store.events(done.id) == []

    def test_without_retention_jobs_stay(self, database, queue, a_job, clock):
        store = JobStore(database)
        job = store.create(a_job())
        queue.finish(queue.claim("worker").id, "worker", VIDEO)
        clock.advance(days=10_000)
        assert store.expire() == 0
        assert store.get(job.id).expires_at is None

    def test_deleting_a_running_job_stops_its_worker(self, store, queue, a_job):
        job = store.create(a_job())
        queue.claim("worker")
        store.delete(job.id)
        assert queue.heartbeat(job.id, "worker") is Verdict.LOST
        assert not queue.finish(job.id, "worker", VIDEO)

    def test_webhooks_are_written_with_the_change_they_tell_of(self, store, queue, a_job, database, clock):
        outbox = Outbox(database)
        job = store.create(a_job(webhook="https://example.org/hook", webhook_events=("start", "completed")))
        assert outbox.take() == []
        queue.claim("worker")
        (started,) = outbox.take()
        assert (started.event, started.url, started.attempts) == (
            "video.started",
            "https://example.org/hook",
            1,
        )
        outbox.delivered(started.id)
        queue.finish(job.id, "worker", VIDEO)
        (ended,) = outbox.take(seconds=60)
        assert ended.payload["type"] == "video.succeeded"
        assert ended.payload["data"] == {
            "id": job.id, "object": "video", "status": "succeeded", "error": None,
        }  # fmt: skip
        assert outbox.take() == []
        clock.advance(seconds=61)
        (again,) = outbox.take()
        assert (again.id, again.attempts) == (ended.id, 2)
        outbox.failed(again.id, "503", again_in=300)
        clock.advance(seconds=299)
        assert outbox.take() == []
        clock.advance(seconds=2)
        outbox.failed(outbox.take()[0].id, "503", again_in=None)
        clock.advance(days=8)
        assert outbox.take() == []
        assert outbox.expire() == 2

    def test_a_webhook_hears_only_what_it_asked_for(self, store, queue, a_job, database):
        store.create(a_job(webhook="https://example.org/hook"))
        queue.claim("worker")
        assert Outbox(database).take() == []
