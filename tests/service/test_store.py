from __future__ import annotations

import threading

import pytest

pytest.importorskip("sqlalchemy")

from sonic.errors import IdempotencyError, JobNotFoundError, QueueFullError, QuotaError
from sonic.service.admission import Idempotency
from sonic.service.database import Database
from sonic.service.jobs import STATES, Limits
from sonic.service.store import JobStore


class TestStore:
    """What both databases must do for those who ask for videos."""

    def test_canceling_a_waiting_job_ends_it(self, store, queue, a_job):
        job = store.create(a_job())
        assert store.cancel(job.id).state == "canceled"
        assert store.cancel(job.id).state == "canceled"
        assert queue.claim("worker") is None

    def test_the_same_request_is_answered_from_what_was_made(self, store, queue, a_job, video):
        first = store.create(a_job())
        queue.claim("worker")
        queue.finish(first.id, "worker", video)
        second = store.create(a_job(owner="berta"))
        assert (second.state, second.output, second.attempts) == ("succeeded", video.output, 0)
        assert second.metrics == {"frames": 25, "cached": True}
        assert [event.kind for event in store.events(second.id)] == ["completed"]
        assert store.create(a_job(cache_key="9" * 64)).state == "queued"

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

    def test_a_full_queue_takes_only_what_is_answered_at_once(self, store, queue, a_job, video):
        first = store.create(a_job())
        queue.finish(queue.claim("worker").id, "worker", video)
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

    @pytest.mark.parametrize(
        "name", ["", "vid_", "vid_\x00", "vid_" + "0" * 25 + "\x00", "vid_" + "0" * 26, "é" * 99]
    )
    def test_ids_of_nobody_find_nothing(self, store, name):
        for act in (store.get, store.cancel, store.delete):
            with pytest.raises(JobNotFoundError):
                act(name)
        assert store.list(after=name) == []
        assert store.events(name) == []
        assert store.preview(name) is None

    def test_any_text_may_be_an_idempotency_key(self, store, a_job):
        for text in ("\x00", "é" * 5000, ""):
            key = Idempotency(text, "fingerprint")
            assert store.create(a_job(), idempotency=key).id == store.create(a_job(), idempotency=key).id

    def test_consent_is_kept_with_its_moment_and_inputs(self, store, a_job, clock):
        job = store.create(a_job(consent={"statement": "I agree.", "by": "Anna"}))
        assert store.get(job.id).consent == {
            "statement": "I agree.",
            "by": "Anna",
            "at": clock.now.isoformat(),
            "inputs": {"image": "1" * 64, "audio": "2" * 64},
        }

    def test_finished_jobs_expire_and_waiting_ones_do_not(self, store, queue, a_job, clock, video):
        done = store.create(a_job())
        queue.finish(queue.claim("worker").id, "worker", video)
        waiting = store.create(a_job(cache_key="5" * 64))
        assert (store.get(done.id).expires_at - clock.now).total_seconds() == 24 * 3600
        clock.advance(hours=23)
        assert store.expire() == 0
        clock.advance(hours=2)
        assert store.expire() == 1
        assert [job.id for job in store.list()] == [waiting.id]
        assert store.events(done.id) == []

    def test_without_retention_jobs_stay(self, database, queue, a_job, clock, video):
        store = JobStore(database)
        job = store.create(a_job())
        queue.finish(queue.claim("worker").id, "worker", video)
        clock.advance(days=10_000)
        assert store.expire() == 0
        assert store.get(job.id).expires_at is None
