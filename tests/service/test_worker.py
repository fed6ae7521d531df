from __future__ import annotations

import io
import threading
import time

import pytest

pytest.importorskip("sqlalchemy")
pytest.importorskip("obstore")

import av
from PIL import Image

import sonic
from sonic.errors import Cancelled, ConfigError, DiskSpaceError, ExportError, StorageError
from sonic.service.fleet import Fleet
from sonic.service.memory import is_out_of_memory
from sonic.service.worker import Worker

LONG = {"fps": 60.0, "duration": 6.0}


@pytest.fixture
def settings(service):
    return service.settings(lease=1.0, poll=0.05)


@pytest.fixture
def worker(settings):
    with Worker(settings, name="worker") as opened:
        yield opened


def wait_for(condition, seconds=300):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def take_in_thread(worker, model):
    thread = threading.Thread(target=worker.take_one, args=(model,))
    thread.start()
    return thread


def test_a_job_becomes_a_video_and_its_twin_gets_the_same(worker, model, service):
    twins = [service.submit().id, service.submit().id]
    assert worker.take_one(model)
    assert not worker.take_one(model)
    made, copied = sorted(map(service.store.get, twins), key=lambda job: job.attempts, reverse=True)
    assert (made.state, copied.state, made.attempts, copied.attempts) == ("succeeded", "succeeded", 1, 0)
    assert copied.output == made.output
    assert copied.metrics == made.metrics | {"cached": True}
    with av.open(io.BytesIO(service.blobs.read(made.output))) as video:
        assert video.streams.video[0].frames == made.metrics["frames"] == 10
    assert made.output_bytes == service.blobs.size(made.output)
    assert made.metrics["total_seconds"] > made.metrics["seconds"]["render"] > 0
    assert any("fps 10" in warning for warning in made.warnings)
    assert made.progress["stage"] == "finish"
    assert not list((service.folder / "scratch").glob("*/*"))


def test_the_same_worker_on_postgresql_and_s3(remote_service, model):
    job = remote_service.submit()
    with Worker(remote_service.settings()) as worker:
        assert worker.take_one(model)
    made = remote_service.store.get(job.id)
    assert made.state == "succeeded", made.error
    assert remote_service.blobs.size(made.output) == made.output_bytes


def test_mistakes_in_the_inputs_fail_at_once_and_name_no_path(worker, model, service):
    job = service.submit(image=b"no picture")
    worker.take_one(model)
    failed = service.store.get(job.id)
    assert (failed.state, failed.error["code"], failed.attempts) == ("failed", "image", 1)
    assert "'portrait' is not a picture" in failed.error["message"]
    assert "/" not in failed.error["message"]


def test_a_lost_input_fails_at_once(worker, model, service):
    job = service.submit(image=b"soon gone")
    service.blobs.delete(job.image)
    worker.take_one(model)
    assert service.store.get(job.id).error["code"] == "file_gone"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ZeroDivisionError("a bug"), "internal: unexpected ZeroDivisionError"),
        (DiskSpaceError("the disk is full"), "disk_space: the disk is full"),
        (StorageError("no bucket"), "storage: no bucket"),
    ],
)
def test_other_failures_are_tried_again(worker, model, service, monkeypatch, error, reason):
    job = service.submit()

    def broken(*_):
        raise error

    monkeypatch.setattr("sonic.service.worker.make", broken)
    worker.take_one(model)
    waiting = service.store.get(job.id)
    assert (waiting.state, waiting.attempts) == ("queued", 1)
    assert service.store.events(job.id)[-1].data["message"] == reason


def test_progress_and_previews_are_told_while_it_works(worker, model, service):
    job = service.submit(**LONG)
    thread = take_in_thread(worker, model)
    wait_for(lambda: service.store.preview(job.id))
    assert Image.open(io.BytesIO(service.store.preview(job.id))).format == "JPEG"
    told = [event for event in service.store.events(job.id, limit=1000) if event.kind == "progress"]
    assert told[-1].data["stage"] == "frames"
    assert told[-1].data["total"] == 360
    (report,) = Fleet(service.database).list()
    assert (report.name, report.state, report.job_id) == ("worker", "busy", job.id)
    service.store.cancel(job.id)
    thread.join()
    assert service.store.get(job.id).state == "canceled"
    assert service.store.get(job.id).output is None
    told = [event.at for event in service.store.events(job.id, limit=1000) if event.kind == "progress"]
    assert len(told) <= 1 + 4 * (told[-1] - told[0]).total_seconds()


def test_a_stopped_worker_hands_its_job_back(worker, model, service):
    job = service.submit(**LONG)
    thread = take_in_thread(worker, model)
    wait_for(lambda: service.store.get(job.id).progress)
    worker.stop()
    thread.join()
    assert worker.ending
    assert (service.store.get(job.id).state, service.store.get(job.id).attempts) == ("queued", 0)


def test_a_job_that_takes_too_long_fails(service, model):
    job = service.submit(**LONG)
    with Worker(service.settings(time_limit=1.0)) as worker:
        worker.take_one(model)
    failed = service.store.get(job.id)
    assert (failed.state, failed.error["code"]) == ("failed", "time_limit")
    assert "longer than 1 seconds" in failed.error["message"]


def test_a_job_taken_away_is_left_alone(worker, model, service):
    job = service.submit(**LONG)
    thread = take_in_thread(worker, model)
    wait_for(lambda: service.store.get(job.id).progress)
    service.queue.release("worker")
    assert service.queue.claim("other").id == job.id
    thread.join()
    assert service.store.get(job.id).lease_owner == "other"


def test_running_out_of_memory_ends_the_worker_and_the_job(worker, model, service, monkeypatch):
    job = service.submit()

    def hungry(*_):
        raise MemoryError

    monkeypatch.setattr("sonic.service.worker.make", hungry)
    worker.take_one(model)
    assert worker.ending
    assert service.store.get(job.id).error["code"] == "memory_limit"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (RuntimeError("[ONNXRuntimeError] : 6 : Failed to allocate memory for requested buffer"), True),
        (RuntimeError("OpenCV: error: (-4:Insufficient memory)"), True),
        (OSError("[Errno 12] Cannot allocate memory"), True),
        (RuntimeError("can't start new thread"), True),
        (ExportError("Writing 'a.mp4' failed ([Errno 11] Resource temporarily unavailable)"), True),
        (ImportError("numpy.so: failed to map segment from shared object"), True),
        (Cancelled("enough"), False),
    ],
)
def test_the_words_of_libraries_without_memory(error, expected):
    assert is_out_of_memory(error) is expected


def test_videos_are_signed_where_the_operator_has_a_certificate(service, model, certified, tmp_path):
    chain, key = map(str, certified)
    job = service.submit()
    with Worker(service.settings(certificate=chain, certificate_key=key)) as worker:
        assert worker.take_one(model)
    made = service.store.get(job.id)
    assert made.state == "succeeded", made.error
    video = tmp_path / "talk.mp4"
    video.write_bytes(service.blobs.read(made.output))
    assert sonic.verify(video).credentials.state == "untrusted"
    with pytest.raises(ConfigError, match="certificate_key"):
        service.settings(certificate=chain)
