from __future__ import annotations

import importlib
import itertools
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

import sonic
from sonic.errors import ConfigError

pytest.importorskip("sqlalchemy", reason="the serve extra is not installed")
ray = pytest.importorskip("ray", reason="the scale extra is not installed")
on_ray = pytest.importorskip("sonic.service.ray", reason="Ray Serve is not installed", exc_type=ImportError)

from sonic.service.blobs import BlobStore
from sonic.service.database import Database
from sonic.service.fleet import Fleet
from sonic.service.jobs import NewJob
from sonic.service.settings import ServiceSettings
from sonic.service.store import JobStore
from sonic.service.trash import store_file

QUICK = {"preset": "preview", "crop": "face", "inference_steps": 2, "fps": 10, "duration": 3.0}


@pytest.fixture
def settings(tmp_path):
    return ServiceSettings(data=str(tmp_path), lease=5.0, poll=0.1, drain=120.0)


@pytest.fixture
def jobs(settings, portrait_path, speech_path):
    """An empty job table, and what orders one more job: they differ in their seeds."""
    database, blobs = Database(settings.database), BlobStore(settings.storage)
    image, audio = (store_file(database, blobs, path).key for path in (portrait_path, speech_path))
    store, seeds = JobStore(database), itertools.count()

    def order(**options):
        seed = next(seeds)
        config = sonic.GenerateConfig(seed=seed, **QUICK | options).to_dict()
        return store.create(NewJob(image=image, audio=audio, config=config, cache_key=f"{seed:064d}"))

    yield store, order
    database.close()


def wait_for(found, meanwhile=lambda: None):
    deadline = time.monotonic() + 240
    while not (result := found()):
        assert time.monotonic() < deadline
        meanwhile()
        time.sleep(0.05)
    return result


@pytest.mark.usefixtures("ray_cluster")
def test_the_queue_scales_workers_and_a_killed_one_loses_no_job(settings, jobs):
    store, order = jobs
    fleet = Fleet(Database(settings.database))

    def busy():
        return [report for report in fleet.list() if report.state == "busy"]

    def keep_waiting():
        # Ray Serve decides in its own time, and a fast machine must not run out of jobs before it has.
        while store.counts()["queued"] < 3:
            order()

    keep_waiting()
    executor = on_ray.RayExecutor(settings, on_ray.Pace(upscale_delay_s=0.2))
    executor.start()
    try:
        # One at first, the second because jobs wait.
        wait_for(lambda: len(fleet.list()) == 2, keep_waiting)
        victim = wait_for(busy, keep_waiting)[0]
        os.kill(int(victim.name.split("-")[-2]), signal.SIGKILL)
        wait_for(lambda: not (counts := store.counts())["queued"] + counts["running"])
        last = order()
        wait_for(lambda: store.get(last.id).state == "running")
    finally:
        executor.stop()
    made = store.list(limit=1000)
    # The last one ended while runners were drained.
    assert {job.state for job in made} == {"succeeded"}
    assert len({job.output for job in made}) == len(made)
    blobs = BlobStore(settings.storage)
    for job in made:
        kinds = [event.kind for event in store.events(job.id)]
        assert kinds.count("completed") == 1
        assert kinds.count("start") == job.attempts
        assert blobs.size(job.output) == job.output_bytes
    # Those that were drained have said goodbye; one just starting in the victim's place may not have.
    left = [report for report in fleet.list() if report.name != victim.name]
    assert {report.state for report in left} <= {"starting"}


@pytest.mark.usefixtures("ray_cluster")
def test_jobs_that_end_their_runners_end_themselves(settings, jobs):
    """One needs too much memory, the runner of another is killed in every attempt; the next is made."""
    store, order = jobs
    executor = on_ray.RayExecutor(replace(settings, lease=1.0, attempts=2, memory_limit=512))
    executor.start()
    try:
        huge = order(preset="max", min_resolution=2048, crop="full", fps=60.0)
        wait_for(lambda: store.get(huge.id).finished)
        doomed, killed = order(fps=60.0, duration=6.0), set()
        while not (job := store.get(doomed.id)).finished:
            if job.state == "running" and job.lease_owner not in killed:
                killed.add(job.lease_owner)
                os.kill(int(job.lease_owner.split("-")[-2]), signal.SIGKILL)
            time.sleep(0.05)
        fine = order()
        wait_for(lambda: store.get(fine.id).finished)
    finally:
        executor.stop()
    ends = [store.get(job.id) for job in (huge, doomed, fine)]
    assert [job.state for job in ends] == ["failed", "failed", "succeeded"], ends
    assert [job.error["code"] for job in ends[:2]] == ["memory_limit", "worker_lost"]
    assert (ends[1].attempts, len(killed)) == (2, 2)


@pytest.mark.usefixtures("ray_cluster")
def test_the_manifest_for_kubernetes_names_what_can_be_built(monkeypatch):
    yaml = pytest.importorskip("yaml")
    manifest = Path(__file__).parents[2] / "docs" / "kuberay.yaml"
    secret, service, *_ = yaml.safe_load_all(manifest.read_text(encoding="utf-8"))
    workers = service["spec"]["rayClusterConfig"]["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]
    given = secret["stringData"] | {entry["name"]: entry["value"] for entry in workers["env"]}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    (config,) = yaml.safe_load(service["spec"]["serveConfigV2"])["applications"]
    module, _, function = config["import_path"].partition(":")
    built = getattr(importlib.import_module(module), function)(config["args"])
    dispatcher = built._bound_deployment
    settings, runners, most = dispatcher.init_args
    scaling = runners._bound_deployment._deployment_config.autoscaling_config
    assert dispatcher.name == "Dispatcher"
    assert (scaling.min_replicas, scaling.max_replicas, most) == (2, 64, 64)
    assert settings.database == given["SONIC_DATABASE_URL"]
    assert runners._bound_deployment._deployment_config.graceful_shutdown_timeout_s == 120.0


@pytest.mark.usefixtures("ray_cluster")
def test_what_the_cluster_has_decides(settings, caplog, monkeypatch):
    runner = on_ray.build(settings)._bound_deployment.init_args[1]._bound_deployment
    assert runner._deployment_config.autoscaling_config.max_replicas == 2
    on_gpu = replace(settings, replica_gpus=0.5, device="cuda")
    runner = on_ray.build(on_gpu)._bound_deployment.init_args[1]._bound_deployment
    assert runner.init_args[0].device == "cpu"
    assert "no GPU" in caplog.text
    nodes = ray.nodes()
    monkeypatch.setattr(ray, "nodes", lambda: nodes * 2)
    with pytest.raises(ConfigError, match="PostgreSQL"):
        on_ray.build(settings)
