"""Workers of the service on a Ray cluster, which starts, scales and replaces them.

Two deployments of Ray Serve make the application. A *runner* is a worker as it runs elsewhere: it claims
jobs, renews leases and finishes them; one call makes one job. The *dispatcher* looks at the job table and
keeps as many calls under way as there are jobs, so that Ray Serve sees how long the queue is and scales the
runners. The table stays the truth and a call carries nothing: if it is lost, or its runner, the job goes to
another.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import ray
from ray import serve

from sonic.cluster import join_cluster
from sonic.errors import ConfigError, StorageError
from sonic.service.database import Database
from sonic.service.jobs import QUEUED, RUNNING
from sonic.service.process import STUCK
from sonic.service.settings import ServiceSettings
from sonic.service.store import JobStore
from sonic.service.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "sonic"  # of the application on the cluster

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """How quickly the number of runners follows the queue, all in seconds; the names are Ray Serve's."""

    upscale_delay_s: float = 3.0
    downscale_delay_s: float = 120.0  # a runner takes seconds to start, and people come back
    look_back_period_s: float = 12.0  # must be longer than the 10 s between Ray Serve's own looks


class Runner:
    """A worker inside a replica of Ray Serve."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._work = ExitStack()
        self._worker = self._work.enter_context(Worker(settings, kill=lambda: os._exit(STUCK)))
        self._model = self._worker.load()

    async def run_next(self) -> bool:
        """Make the next job, in a thread; False if there was none."""
        found = await asyncio.to_thread(self._worker.take_one, self._model)
        if self._worker.ending:  # the job used up the memory: Ray Serve puts a fresh process in place of this
            self._work.close()
            os._exit(STUCK)
        return found

    def __del__(self) -> None:
        self._work.close()


class Dispatcher:
    """Keeps as many calls to runners under way as there are jobs, up to `most`."""

    def __init__(self, settings: ServiceSettings, runners: Any, most: int) -> None:
        self._store = JobStore(Database(settings.database))
        self._poll = settings.poll
        self._runners = runners
        self._most = most
        self._calls: set[asyncio.Task[None]] = set()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def check_health(self) -> None:
        """Raises what ended the dispatcher; Ray Serve asks regularly, and starts it again."""
        if self._task.done():
            self._task.result()

    async def _run(self) -> None:
        while True:
            try:
                jobs = await asyncio.to_thread(self._unfinished)
            except StorageError as error:
                logger.warning("the dispatcher has no database: %s", error)
                jobs = 0
            for _ in range(min(jobs, self._most) - len(self._calls)):
                call = asyncio.create_task(self._call())
                self._calls.add(call)
                call.add_done_callback(self._calls.discard)
            await asyncio.sleep(self._poll)

    def _unfinished(self) -> int:
        """Jobs that wait or run; some of these may have lost their worker, and only a claim finds out."""
        counts = self._store.counts()
        return counts[QUEUED] + counts[RUNNING]

    async def _call(self) -> None:
        try:
            await self._runners.run_next.remote()
        except ray.exceptions.RayError as error:
            logger.warning("a runner was lost; what it had not finished is tried again: %s", error)


def build(settings: ServiceSettings, pace: Pace | None = None) -> Any:
    """The application; needs a connection to the cluster.

    Raises:
        ConfigError: the cluster has several machines, and they cannot share the database.
    """
    _check_shared(settings)
    most = settings.most_replicas or max(1, int(_resource("CPU") / settings.replica_cpus))
    gpus = _gpus(settings)
    runners = serve.deployment(
        Runner,
        name="Runner",
        max_ongoing_requests=1,
        graceful_shutdown_timeout_s=settings.drain,
        ray_actor_options={"num_cpus": settings.replica_cpus, "num_gpus": gpus},
        autoscaling_config={
            "min_replicas": min(settings.replicas, most),
            "max_replicas": most,
            "target_ongoing_requests": 1,
            **asdict(pace or Pace()),
        },
    )
    dispatcher = serve.deployment(Dispatcher, name="Dispatcher", ray_actor_options={"num_cpus": 0})
    device = settings.device if gpus or settings.device != "cuda" else "cpu"
    on_device = replace(settings, device="cuda" if gpus else device)
    return dispatcher.bind(on_device, runners.bind(on_device), most)


def application(arguments: Mapping[str, str]) -> Any:  # noqa: ARG001 - builders get some
    """The application as Ray Serve's own tools start it: `import_path: sonic.service.ray:application`.

    Settings come from the environment, `SONIC_DATABASE_URL` and the others.
    """
    return build(ServiceSettings.read())


class RayExecutor:
    """Runs the application from `start` to `stop`, as `Supervisor` runs processes of this machine."""

    def __init__(self, settings: ServiceSettings, pace: Pace | None = None) -> None:
        self._settings = settings
        self._pace = pace

    def start(self) -> None:
        """Join the cluster, or start one here, and start the workers; returns when they are ready.

        Raises:
            DependencyError: Ray is not installed.
            ConfigError: the cluster has several machines, and they cannot share the database.
        """
        join_cluster()
        serve.start(proxy_location="Disabled")  # requests come over our own API
        serve.run(build(self._settings, self._pace), name=NAME, route_prefix=None)

    def stop(self) -> None:
        """Let runners finish within `settings.drain` seconds; what they do not finish is tried again."""
        serve.delete(NAME)


def _check_shared(settings: ServiceSettings) -> None:
    machines = sum(1 for node in ray.nodes() if node["Alive"])
    if machines > 1 and settings.database.startswith("sqlite"):
        raise ConfigError(
            f"The cluster has {machines} machines, and SQLite serves only one: "
            "give database_url a PostgreSQL and storage_url an S3 bucket."
        )


def _gpus(settings: ServiceSettings) -> float:
    """Share of a GPU for each runner, 0 where the cluster has none."""
    if settings.replica_gpus and not _resource("GPU"):
        logger.warning("the cluster has no GPU: the workers run on CPUs")
        return 0.0
    return settings.replica_gpus


def _resource(name: str) -> float:
    return float(ray.cluster_resources().get(name, 0.0))
