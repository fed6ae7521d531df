"""The service under load: a real server with its workers, asked over HTTP as clients do.

Parts, each by its name as an argument, all of them by default:

latency     how long a status call takes, workers idle or busy; 1, 8 and 64 clients ask twice a second
upload      seconds from the first byte of an order to the 202 that answers it
throughput  videos an hour through the service, against the same made in one process one after the other
memory      what server and workers hold after every tenth of many jobs
recovery    seconds until a job goes on after its worker, and the whole service, were killed with SIGKILL
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import common
import httpx

import sonic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PARTS = ("latency", "upload", "throughput", "memory", "recovery")
CLIENTS = (1, 8, 64)
PAUSE = 0.5  # seconds between two calls of a client
TINY = {"min_resolution": 256, "crop": "face", "inference_steps": 2, "fps": 10.0, "duration": 1.0}
ENDED = {"succeeded", "failed", "canceled"}


@dataclass
class Service:
    """A running `sonic serve`, which can be killed and started again on the same data."""

    folder: Path
    workers: int
    lease: float
    process: subprocess.Popen[bytes] | None = None
    url: str = ""

    def start(self) -> None:
        """Start it, and wait until a worker is ready."""
        words = [sys.executable, "-m", "sonic", "serve", "--port", "0", "--data", str(self.folder)]
        words += ["--workers", str(self.workers), "--lease", str(self.lease), "--poll", "0.05"]
        log = self.folder / "log"
        with log.open("w") as written:
            self.process = subprocess.Popen(words, stderr=written)
        wait_until(lambda: "listens on" in log.read_text())
        self.url = next(line for line in log.read_text().splitlines() if "listens on" in line).split()[-1]
        wait_until(lambda: httpx.get(f"{self.url}/readyz").is_success)

    def children(self) -> list[int]:
        """Process ids of the server's children: workers and decoders."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        return [int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()]

    def worker_pids(self) -> list[int]:
        """Process ids of the workers."""
        return [pid for pid in self.children() if "sonic.service.process" in command_of(pid)]

    def held(self) -> dict[str, float]:
        """Megabytes that the server, its workers and its decoders hold."""
        workers = self.worker_pids()
        others = [pid for pid in self.children() if pid not in workers]
        groups = {"server": [self.process.pid], "workers": workers, "decoders": others}
        return {f"{name} MB": sum(map(resident, pids)) / 1e6 for name, pids in groups.items()}

    def kill(self) -> None:
        """End all of it at once, without any warning."""
        for pid in [self.process.pid, *self.children()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


def main() -> None:
    arguments = _parse()
    load = common.load_before()
    measures: dict[str, Callable[[Service, argparse.Namespace], list[dict[str, Any]]]] = {
        "latency": _latency,
        "upload": _upload,
        "throughput": _throughput,
        "memory": _memory,
        "recovery": _recovery,
    }
    for part in arguments.parts:
        with running(arguments) as service:
            rows = measures[part](service, arguments)
        settings = {"workers": arguments.workers, "lease s": arguments.lease, "load before": load}
        common.Report(f"Service: {part}", settings, rows).show(as_json=arguments.json)


def _parse() -> argparse.Namespace:
    parser = common.options(__doc__, seconds=6, resolutions=(384,))
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("parts", nargs="*", default=PARTS, help="what to measure (all)")
    parser.add_argument("--workers", type=int, default=1, help="worker processes (%(default)s)")
    parser.add_argument("--lease", type=float, default=10.0, help="seconds (%(default)s)")
    parser.add_argument("--calls", type=int, default=30, help="status calls of each client (%(default)s)")
    parser.add_argument("--orders", type=int, default=20, help="orders of the upload part (%(default)s)")
    parser.add_argument("--jobs", type=int, default=10, help="videos of the throughput part (%(default)s)")
    parser.add_argument("--many", type=int, default=500, help="jobs of the memory part (%(default)s)")
    return parser.parse_args()


@contextlib.contextmanager
def running(arguments: argparse.Namespace) -> Iterator[Service]:
    """A service on data of its own."""
    with tempfile.TemporaryDirectory(prefix="sonic-benchmark-") as folder:
        service = Service(Path(folder), arguments.workers, arguments.lease)
        service.start()
        try:
            yield service
        finally:
            service.stop()


def order(client: sonic.Client, seed: int, audio: Path = common.SPEECH, **options: Any) -> Any:
    """Order the example by another seed, so that nothing comes from the cache."""
    return client.generate(image=common.PORTRAIT, audio=audio, seed=seed, **(TINY | options))


def _latency(service: Service, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Rows of quantiles, idle first, then with every worker drawing a long video."""
    rows = []
    with sonic.Client(service.url) as client, tempfile.TemporaryDirectory() as folder:
        watched = order(client, 0).wait()
        for busy in (False, True):
            jobs = []
            if busy:
                audio = common.looped_speech(Path(folder), 600)
                jobs = [order(client, 1 + n, audio, duration=600.0) for n in range(service.workers)]
                wait_until(lambda jobs=jobs: all(job.refresh().status == "running" for job in jobs))
            for clients in CLIENTS:
                times = asyncio.run(_ask(service.url, watched.id, clients, arguments.calls))
                rows.append({"workers": "busy" if busy else "idle", "clients": clients, **_quantiles(times)})
            for job in jobs:
                job.cancel()
    return rows


async def _ask(url: str, job_id: str, clients: int, calls: int) -> list[float]:
    """Seconds of every status call of so many clients at once, each with a connection of its own."""
    address = httpx.URL(url)
    request = f"GET /v1/videos/{job_id} HTTP/1.1\r\nHost: {address.host}\r\n\r\n".encode()

    async def poll(number: int) -> list[float]:
        reader, writer = await asyncio.open_connection(address.host, address.port)
        await asyncio.sleep(PAUSE * number / clients)  # clients do not ask in step
        times = []
        for _ in range(calls):
            started = time.perf_counter()
            writer.write(request)
            await _answer(reader)
            times.append(time.perf_counter() - started)
            await asyncio.sleep(max(0.0, PAUSE - times[-1]))
        writer.close()
        return times

    return [seconds for times in await asyncio.gather(*map(poll, range(clients))) for seconds in times]


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """The body of one answer; read by hand, because a client library would take longer than the server."""
    status, *fields = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    assert b" 200 " in status, status
    length = next(
        int(field.partition(b":")[2]) for field in fields if field.lower().startswith(b"content-length:")
    )
    return await reader.readexactly(length)


def _upload(service: Service, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    times = []
    with sonic.Client(service.url) as client:
        for seed in range(arguments.orders):
            started = time.perf_counter()
            job = order(client, seed)
            times.append(time.perf_counter() - started)
            job.cancel()
    first, rest = times[0], times[1:]
    megabytes = sum(path.stat().st_size for path in (common.PORTRAIT, common.SPEECH)) / 1e6
    return [{"orders": len(times), "MB each": megabytes, "first ms": first * 1000, **_quantiles(rest)}]


def _throughput(service: Service, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """The service first, the bare engine after it has stopped taking the cores."""
    options = {**TINY, "fps": 25.0, "min_resolution": arguments.resolution[0], "duration": arguments.seconds}
    count = arguments.jobs * service.workers
    with tempfile.TemporaryDirectory() as folder:
        audio = common.looped_speech(Path(folder), arguments.seconds)
        with sonic.Client(service.url) as client:
            order(client, 10_000).wait()  # every network is loaded
            started = time.perf_counter()
            jobs = [order(client, seed, audio, **options) for seed in range(count)]
            for job in jobs:
                job.wait()
            served = (time.perf_counter() - started) / count
        model = sonic.load_model(arguments.model)
        model.generate(audio=audio, image=common.PORTRAIT, seed=10_000, **TINY).export(Path(folder) / "w.mp4")
        started = time.perf_counter()
        for seed in range(arguments.jobs):
            video = model.generate(audio=audio, image=common.PORTRAIT, seed=seed, **options)
            video.export(Path(folder) / f"{seed}.mp4")
        bare = (time.perf_counter() - started) / arguments.jobs
    return [
        {
            "audio s": arguments.seconds,
            "min_resolution": arguments.resolution[0],
            "jobs": count,
            "s a job, service": served,
            "s a job, bare engine": bare,
            "share of the engine's throughput": f"{bare / served:.1%}",
            "videos an hour": round(3600 / served),
        }
    ]


def _memory(service: Service, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    rows = []
    step = max(1, arguments.many // 10)
    with sonic.Client(service.url) as client:
        for start in range(0, arguments.many, step):
            jobs = [order(client, seed) for seed in range(start, min(arguments.many, start + step))]
            for job in jobs:
                job.wait()
            rows.append({"jobs": start + len(jobs), **service.held()})
    return rows


def _recovery(service: Service, _: argparse.Namespace) -> list[dict[str, Any]]:
    """From SIGKILL until the job is drawn again, and until it is done."""
    return [
        {
            "killed": "the worker",
            **_after(service, lambda: os.kill(service.worker_pids()[0], signal.SIGKILL)),
        },
        {"killed": "server and workers, started again at once", **_after(service, lambda: _restart(service))},
    ]


def _restart(service: Service) -> None:
    service.kill()
    service.start()


def _after(service: Service, disaster: Callable[[], None]) -> dict[str, Any]:
    seed = int(time.time())
    with sonic.Client(service.url) as client:
        job = order(client, seed, fps=25.0, duration=6.0)
        wait_until(lambda: (job.refresh().document["progress"] or {}).get("stage") == "frames")
    started = time.perf_counter()
    disaster()
    with sonic.Client(service.url) as client:
        job = client.video(job.id)
        wait_until(lambda: job.refresh().document["attempts"] > 1 and job.status != "queued")
        again = time.perf_counter() - started
        job.wait()
    done = time.perf_counter() - started
    attempts = job.document["attempts"]
    return {"s until begun again": again, "s until done": done, "status": job.status, "attempts": attempts}


def _quantiles(times: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    figures = {"p50 ms": cuts[49], "p95 ms": cuts[94], "p99 ms": cuts[98], "max ms": max(times)}
    return {"calls": len(times), **{name: value * 1000 for name, value in figures.items()}}


def wait_until(happens: Callable[[], bool], seconds: float = 600.0) -> None:
    """Look again and again; a connection that is refused counts as no."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError, sonic.ServiceError):
            if happens():
                return
        time.sleep(0.02)
    raise TimeoutError("it did not happen")


def command_of(pid: int) -> str:
    """The command line of a process, empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except FileNotFoundError:
        return ""


def resident(pid: int) -> int:
    """Bytes that a process holds now."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:
        return 0


if __name__ == "__main__":
    main()
