"""For those who watch the service: is it alive, does it take jobs, and how is it doing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily

from sonic.service.api.access import Asking
from sonic.service.api.context import Here
from sonic.service.api.documents import Readiness
from sonic.service.durations import LIMITS, RUN, WAIT, read_durations
from sonic.service.fleet import STARTING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

    from sonic.service.api.context import Service

router = APIRouter(tags=["health"])

_ALIVE = 60.0  # seconds without a sign after which a worker does not count


@router.get("/healthz", response_class=PlainTextResponse, summary="Is the process alive?")
async def healthz() -> str:
    """Says `ok` as long as the process answers."""
    return "ok"


@router.get(
    "/readyz",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Jobs are not worked on, or cannot be taken."}},
    summary="Are jobs worked on?",
)
async def readyz(service: Here) -> JSONResponse:
    """Looks at the database, the storage and the workers."""
    state = await run_in_threadpool(_readiness, service)
    return JSONResponse(state.model_dump(), 200 if state.status == "ready" else 503)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}},
    summary="Figures for Prometheus",
)
async def metrics(request: Request, _: Asking) -> Response:
    """Requests and their times, jobs by state, how long they wait and work, workers by state."""
    content = await run_in_threadpool(generate_latest, request.app.state.registry)
    return Response(content, headers={"Content-Type": CONTENT_TYPE_LATEST})


class JobFigures:
    """Counts jobs and workers when Prometheus asks; all servers of a database say the same."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """The gauges, and the durations."""
        jobs = GaugeMetricFamily("sonic_jobs", "Jobs that are kept, by state.", labels=["state"])
        for state, count in self._service.store.counts().items():
            jobs.add_metric([state], count)
        yield jobs
        workers = GaugeMetricFamily(
            "sonic_workers", "Workers that give signs of life, by state.", labels=["state"]
        )
        states = [worker.state for worker in self._service.fleet.list(seen_within=_ALIVE)]
        for state in ("starting", "ready", "busy"):
            workers.add_metric([state], states.count(state))
        yield workers
        yield GaugeMetricFamily(
            "sonic_oldest_job_seconds",
            "How long the oldest waiting job could have begun.",
            value=self._service.store.longest_wait(),
        )
        yield self._durations(
            WAIT, "sonic_job_wait_seconds", "From the creation of a job to its first start."
        )
        yield self._durations(RUN, "sonic_job_run_seconds", "From the first start of a job to its end.")

    def _durations(self, measure: str, name: str, text: str) -> HistogramMetricFamily:
        family = HistogramMetricFamily(name, text, labels=["outcome"])
        for outcome, spread in read_durations(self._service.database, measure).items():
            buckets = [(_written(limit), jobs) for limit, jobs in zip(LIMITS, spread.jobs, strict=True)]
            family.add_metric([outcome], buckets, spread.seconds)
        return family


def _written(limit: float) -> str:
    """A number as Prometheus writes it."""
    return "+Inf" if limit == math.inf else str(limit)


def watch_jobs(registry: CollectorRegistry, service: Service) -> None:
    """Let `registry` tell of the service's jobs."""
    registry.register(JobFigures(service))


def _readiness(service: Service) -> Readiness:
    service.blobs.check()
    workers = service.fleet.list(seen_within=_ALIVE)
    queued = service.store.counts()["queued"]
    ready = [worker for worker in workers if worker.state != STARTING]
    if ready:
        return Readiness(status="ready", workers=len(ready), queued=queued)
    return Readiness(status="starting" if workers else "no_workers", workers=0, queued=queued)
