from __future__ import annotations

import os
import threading

import pytest

pytest.importorskip("sqlalchemy")
pytest.importorskip("obstore")

from sonic.service import trash
from sonic.service.audit import AuditLog
from sonic.service.blobs import BlobStore
from sonic.service.janitor import clean
from sonic.service.jobs import Outcome
from sonic.service.queue import JobQueue
from sonic.service.settings import ServiceSettings


@pytest.fixture
def blobs(tmp_path):
    return BlobStore((tmp_path / "files").as_uri())


@pytest.fixture
def files(tmp_path, database, blobs):
    """The keys of a stored picture, sound and video."""
    keys = {}
    for name in ("image", "audio", "output"):
        (tmp_path / name).write_text(name)
        keys[name] = trash.store_file(database, blobs, tmp_path / name).key
    return keys


class TestTrash:
    def test_uploads_without_a_job_go_after_an_hour(self, database, blobs, files, clock):
        clock.advance(minutes=59)
        assert trash.empty(database, blobs) == 0
        clock.advance(minutes=2)
        assert trash.empty(database, blobs) == 3
        assert not any(blobs.exists(key) for key in files.values())

    def test_files_of_a_job_stay_as_long_as_it(self, database, blobs, files, clock, store, a_job):
        job = store.create(a_job(image=files["image"], audio=files["audio"]))
        JobQueue(database).claim("worker")
        JobQueue(database).finish(job.id, "worker", Outcome(files["output"], 6, "video/mp4"))
        clock.advance(hours=2)
        trash.empty(database, blobs)
        assert all(blobs.exists(key) for key in files.values())
        store.delete(job.id)
        assert trash.empty(database, blobs) == 3

    def test_a_file_of_two_jobs_goes_with_the_second(self, database, blobs, files, clock, store, a_job):
        one, two = (store.create(a_job(image=files["image"], audio=files["audio"])) for _ in range(2))
        clock.advance(hours=2)
        store.delete(one.id)
        trash.empty(database, blobs)
        assert blobs.exists(files["image"])
        store.delete(two.id)
        trash.empty(database, blobs)
        assert not blobs.exists(files["image"])

    def test_an_upload_of_the_same_content_outlives_the_old_job(
        self, database, blobs, files, clock, store, a_job, tmp_path
    ):
        old = store.create(a_job(image=files["image"], audio=files["audio"]))
        clock.advance(hours=2)
        trash.store_file(database, blobs, tmp_path / "image")
        store.delete(old.id)
        trash.empty(database, blobs)
        assert blobs.exists(files["image"])
        new = store.create(a_job(image=files["image"]))
        clock.advance(hours=2)
        trash.empty(database, blobs)
        assert blobs.exists(store.get(new.id).image)

    def test_an_upload_waits_for_the_janitor(self, database, blobs, files, clock, tmp_path):
        """Announced while the file is being deleted, it is stored after that."""
        clock.advance(hours=2)
        deleting, go_on = threading.Event(), threading.Event()

        class SlowBlobs:
            def delete(self, key):
                deleting.set()
                go_on.wait(10)
                blobs.delete(key)

        janitor = threading.Thread(target=trash.empty, args=(database, SlowBlobs()))
        janitor.start()
        deleting.wait(10)
        upload = threading.Thread(target=trash.store_file, args=(database, blobs, tmp_path / "image"))
        upload.start()
        go_on.set()
        upload.join()
        janitor.join()
        assert blobs.exists(files["image"])

    def test_the_janitor_does_all_rounds(self, database, blobs, files, clock, store, a_job, tmp_path):
        job = store.create(a_job(image=files["image"], audio=files["audio"]))
        store.cancel(job.id)
        left = tmp_path / "scratch" / "killed-worker" / "job"
        left.mkdir(parents=True)
        os.utime(left.parent, (0, 0))
        (tmp_path / "scratch" / "busy-worker").mkdir()
        audit = AuditLog(database)
        audit.record("key_1", "job.create", job.id, bytes=9)
        clock.advance(days=300)
        settings = ServiceSettings(data=str(tmp_path))
        clean(database, blobs, settings)
        assert [folder.name for folder in (tmp_path / "scratch").iterdir()] == ["busy-worker"]
        assert store.list() == []
        assert not blobs.exists(files["image"])
        (expiry,) = audit.entries(subject="jobs")
        assert (expiry.actor, expiry.action, expiry.details) == ("system", "job.expire", {"count": 1})
        assert [(line.actor, line.details) for line in audit.entries(subject=job.id)] == [
            ("key_1", {"bytes": 9})
        ]
        clock.advance(days=100)
        clean(database, blobs, settings)
        assert audit.entries(subject=job.id) == []
