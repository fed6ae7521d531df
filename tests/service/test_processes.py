from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy")
pytest.importorskip("obstore")

from sonic.service.fleet import Fleet
from sonic.service.supervisor import Supervisor

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX signals")

linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is limited on Linux only")


def wait_for(condition, seconds=300):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
    return found


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def supervise(service):
    """Starts supervisors that are stopped at the end."""
    started = []

    def start(**settings):
        supervisor = Supervisor(service.settings(**{"lease": 3.0, "poll": 0.05, "drain": 0.0} | settings))
        supervisor.start()
        started.append(supervisor)
        return supervisor

    yield start
    for supervisor in started:
        supervisor.stop()


@pytest.fixture
def start_server(service):
    """Starts `sonic worker`, a supervisor with a process of its own."""
    started = []

    def start(*options):
        where = ["--data", str(service.folder), "--lease", "3"]
        command = [sys.executable, "-m", "sonic", "worker", *where, *options]
        started.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for server in started:
        server.terminate()
        server.wait()


def running(service, job):
    return service.store.get(job.id).state == "running" and service.store.get(job.id)


def finished(service, job):
    found = service.store.get(job.id)
    return found if found.finished else None


def test_a_killed_worker_is_replaced_and_a_stopped_one_hands_its_job_back(service, supervise):
    supervisor = supervise()
    job = service.submit()
    first = wait_for(lambda: running(service, job)).lease_owner
    os.kill(supervisor.pids[0], signal.SIGKILL)
    done = wait_for(lambda: finished(service, job))
    assert (done.state, done.attempts) == ("succeeded", 2), done.error
    assert not (service.folder / "scratch" / first).exists()
    events = service.store.events(job.id, limit=1000)
    assert [event.kind for event in events].count("completed") == 1
    assert first not in {report.name for report in Fleet(service.database).list()}

    unfinished = service.submit(fps=60.0, duration=6.0)
    wait_for(lambda: running(service, unfinished))
    supervisor.stop()
    left = service.store.get(unfinished.id)
    assert (left.state, left.attempts) == ("queued", 0)
    assert supervisor.pids == []
    assert Fleet(service.database).list() == []


def test_nothing_is_lost_when_server_and_worker_are_killed(service, supervise, start_server):
    server = start_server("--workers", "2")
    wait_for(lambda: [report.state for report in Fleet(service.database).list()] == ["ready", "ready"])
    jobs = [service.submit(seed=seed, duration=2.0) for seed in (1, 2)]
    wait_for(lambda: all(running(service, job) for job in jobs))
    killed, orphan = worker_pids(server.pid)
    for pid in (server.pid, killed):
        os.kill(pid, signal.SIGKILL)
    server.wait()
    wait_for(lambda: not alive(orphan))  # it has lost its server, finishes its job and ends
    states = sorted(service.store.get(job.id).state for job in jobs)
    assert states == ["running", "succeeded"]
    supervise()
    done = [wait_for(lambda job=job: finished(service, job)) for job in jobs]
    assert [job.state for job in done] == ["succeeded", "succeeded"], [job.error for job in done]
    assert sorted(job.attempts for job in done) == [1, 2]


def worker_pids(parent):
    """The children of a process, whichever of its threads started them."""
    lists = list(Path(f"/proc/{parent}/task").glob("*/children"))
    if not lists:
        pytest.skip("needs /proc to find the workers' processes")
    return [int(pid) for pid in "".join(children.read_text() for children in lists).split()]


@linux
def test_a_job_that_needs_too_much_memory_fails_and_the_next_one_works(service, supervise):
    supervise(memory_limit=700)
    huge = service.submit(preset="max", min_resolution=2048, crop="full", fps=60.0)
    failed = wait_for(lambda: finished(service, huge))
    assert (failed.state, failed.error["code"]) == ("failed", "memory_limit")
    fine = service.submit()
    assert wait_for(lambda: finished(service, fine)).state == "succeeded"


def test_a_job_whose_worker_dies_each_time_fails_after_its_attempts(service, supervise):
    supervisor = supervise(attempts=2)
    job = service.submit(fps=60.0, duration=6.0)
    killed = set()
    while not finished(service, job):
        held = running(service, job)
        if held and held.lease_owner not in killed and supervisor.pids:
            killed.add(held.lease_owner)
            os.kill(supervisor.pids[0], signal.SIGKILL)
        time.sleep(0.05)
    lost = service.store.get(job.id)
    assert (lost.state, lost.error["code"], lost.attempts) == ("failed", "worker_lost", 2)
    assert len(killed) == 2
    fine = service.submit()
    assert wait_for(lambda: finished(service, fine)).state == "succeeded"


@linux
def test_next_to_no_memory_ends_the_job_and_is_not_felt_by_the_storage(service):
    """The storage's library would wait for ever for a thread that it cannot start."""
    code = f"""
        import os, resource
        from sonic.service.making import Terms
        from sonic.service.settings import ServiceSettings
        from sonic.service.worker import Worker
        settings = ServiceSettings(data={str(service.folder)!r})
        with Worker(settings, kill=lambda: os._exit(70)) as worker:
            worker._terms = Terms(memory=20)
            save, limits = worker._blobs.save, [resource.getrlimit(resource.RLIMIT_AS)]
            def watched(*given):
                limits.append(resource.getrlimit(resource.RLIMIT_AS))
                return save(*given)
            worker._blobs.save = watched
            worker.take_one(worker.load())
            limits.append(resource.getrlimit(resource.RLIMIT_AS))
            assert len(limits) == 4 and len(set(limits)) == 1, limits
            assert worker.ending
    """
    job = service.submit()
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, timeout=120)
    assert service.store.get(job.id).error["code"] == "memory_limit"


@linux
def test_the_limit_is_on_top_of_what_the_process_has():
    code = """
        from sonic.service.memory import limited_memory
        with limited_memory(100):
            held = bytearray(50 * 2**20)
            try:
                bytearray(100 * 2**20)
            except MemoryError:
                print("refused")
        more = bytearray(100 * 2**20)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "refused\n"


def test_a_worker_stuck_in_a_job_ends_itself(service):
    """A job that never looks up cannot be stopped from inside; the process goes, and says why before."""
    code = f"""
        import os, time
        from sonic.service import pulse, worker
        from sonic.service.settings import ServiceSettings
        pulse._HARD_AFTER = 0.5
        worker.make = lambda *_: time.sleep(600)
        settings = ServiceSettings(data={str(service.folder)!r}, time_limit=1.0)
        with worker.Worker(settings, kill=lambda: os._exit(70)) as stuck:
            stuck.take_one(None)
    """
    job = service.submit()
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], check=False, stderr=subprocess.DEVNULL
    )
    assert done.returncode == 70
    assert service.store.get(job.id).error["code"] == "time_limit"
