from __future__ import annotations

import pytest

pytest.importorskip("sqlalchemy")

from sonic.service.outbox import Outbox


class TestOutbox:
    """What both databases must do for webhooks."""

    def test_webhooks_are_written_with_the_change_they_tell_of(
        self, store, queue, a_job, database, clock, video
    ):
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
        queue.finish(job.id, "worker", video)
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
