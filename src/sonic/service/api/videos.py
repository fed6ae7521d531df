"""The collection of jobs: order a video, look at it, list, cancel and delete."""

from __future__ import annotations

import time
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from sonic.service.api.access import Asking
from sonic.service.api.bodies import ORDER_BODY
from sonic.service.api.context import Here, Service
from sonic.service.api.documents import State, Video, VideoList, video_document
from sonic.service.api.orders import place, read_order
from sonic.service.jobs import Job

LONGEST_WAIT = 60.0  # seconds that an answer is held back for `Prefer: wait`
_LOOK = 0.25  # seconds between looks at a job that is waited for

JobId = Annotated[str, Path(pattern=r"^vid_[0-9a-z]{26}$", examples=["vid_01jd9k3v8w5e6r7t8y9z0a1b2c"])]
Preference = Annotated[
    str | None, Header(max_length=100, description="`wait=N`: answer when it is done, after N s at most.")
]

router = APIRouter(tags=["videos"])


async def own_job(job_id: JobId, service: Here, caller: Asking) -> Job:
    """The job in the path, if it is the caller's; job_not_found else."""
    return await service.read(service.store.get, job_id, owner=caller.owner)


OwnJob = Annotated[Job, Depends(own_job)]


@router.post(
    "/v1/videos",
    status_code=202,
    response_model=Video,
    responses={200: {"model": Video, "description": "The video was waited for, or made before."}},
    openapi_extra={"requestBody": ORDER_BODY},
    summary="Order a video",
)
async def create_video(
    request: Request,
    service: Here,
    caller: Asking,
    idempotency_key: Annotated[
        str | None, Header(min_length=1, max_length=255, description="The same key gives the same job.")
    ] = None,
    prefer: Preference = None,
) -> Response:
    """Takes a portrait and a recording and answers with the job that makes a video of them."""
    async with read_order(request, service.settings) as order:
        job = await run_in_threadpool(place, service, caller, order, idempotency_key)
    return await _answer(service, job, prefer, status=202)


@router.get("/v1/videos", response_model=VideoList, summary="List videos")
async def list_videos(
    service: Here,
    caller: Asking,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: Annotated[str | None, Query(pattern=r"^vid_[0-9a-z]{26}$", description="The last id.")] = None,
    status: Annotated[State | None, Query()] = None,
) -> Response:
    """Jobs, the newest first; `next` of the answer is `after` of the page behind it."""
    jobs = await run_in_threadpool(
        service.store.list, owner=caller.owner, status=status, limit=limit + 1, after=after
    )
    page = jobs[:limit]
    more = len(jobs) > limit
    return JSONResponse(
        {
            "object": "list",
            "data": [video_document(job) for job in page],
            "has_more": more,
            "next": page[-1].id if more else None,
        }
    )


@router.get("/v1/videos/{job_id}", response_model=Video, summary="Look at a video")
async def get_video(service: Here, job: OwnJob, prefer: Preference = None) -> Response:
    """The job as it stands."""
    return await _answer(service, job, prefer, status=200)


@router.post("/v1/videos/{job_id}/cancel", response_model=Video, summary="Cancel a video")
async def cancel_video(service: Here, caller: Asking, job: OwnJob) -> Response:
    """Stops the job; one that has ended stays as it is."""
    stopped = await run_in_threadpool(service.store.cancel, job.id, owner=caller.owner)
    await run_in_threadpool(service.audit.record, caller.owner, "job.cancel", job.id)
    return JSONResponse(video_document(stopped))


@router.delete("/v1/videos/{job_id}", status_code=204, response_model=None, summary="Delete a video")
async def delete_video(service: Here, caller: Asking, job: OwnJob) -> Response:
    """Stops the job and removes it and its files."""
    await run_in_threadpool(service.store.delete, job.id, owner=caller.owner)
    await run_in_threadpool(service.audit.record, caller.owner, "job.delete", job.id)
    return Response(status_code=204)


async def _answer(service: Service, job: Job, prefer: str | None, *, status: int) -> Response:
    """The job as JSON, held back as long as the caller prefers; 200 once it has ended."""
    headers: dict[str, str] = {"Location": f"/v1/videos/{job.id}"} if status == 202 else {}
    seconds = _preferred(prefer)
    if seconds is not None:
        job = await _waited(service, job, seconds)
        headers["Preference-Applied"] = f"wait={seconds:g}"
    content: dict[str, Any] = video_document(job)
    return JSONResponse(content, 200 if job.finished else status, headers)


async def _waited(service: Service, job: Job, seconds: float) -> Job:
    deadline = time.monotonic() + seconds
    while not job.finished and time.monotonic() < deadline:
        await anyio.sleep(min(_LOOK, max(0.0, deadline - time.monotonic())))
        job = await run_in_threadpool(service.store.get, job.id)
    return job


def _preferred(prefer: str | None) -> float | None:
    """Seconds of `wait=N` among the preferences (RFC 7240), None without it."""
    for preference in (prefer or "").split(","):
        name, _, value = preference.strip().partition("=")
        if name.lower() == "wait" and value.isascii() and value.isdecimal():
            return min(float(value[:9]), LONGEST_WAIT)
    return None
