"""A job's story as server-sent events: what happened so far, and then whatever happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

import anyio
from fastapi import APIRouter, Header
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent

from sonic.errors import JobNotFoundError
from sonic.service.api.context import Here
from sonic.service.api.documents import moment, video_document
from sonic.service.api.videos import OwnJob

if TYPE_CHECKING:
    from sonic.service.api.context import Service
    from sonic.service.jobs import Job, JobEvent

router = APIRouter(tags=["videos"])

_LOOK = 0.3  # seconds between looks at the job's story
_RETRY = 1000  # milliseconds after which a browser connects again
_PAGE = 200  # events read at a time
_CHECK = 10  # looks without news, after which it is made sure that the job is still there


@router.get("/v1/videos/{job_id}/events", response_class=EventSourceResponse, summary="Follow a video")
async def follow(
    service: Here,
    job: OwnJob,
    last_event_id: Annotated[
        str | None, Header(pattern=r"^\d{1,15}$", description="Go on after this event.")
    ] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Events `start`, `progress`, `preview`, `log` and `completed`, which is the last one.

    The data is JSON: `at` and what the event says; `completed` holds the whole job as `video`. When
    nothing happens, a comment comes every 15 seconds.
    """
    after = int(last_event_id or 0)
    yield ServerSentEvent(comment="following", retry=_RETRY)
    async for event in _events(service, job, after):
        yield await _message(service, job, event)
        if event.kind == "completed":
            return


async def _events(service: Service, job: Job, after: int) -> AsyncIterator[JobEvent]:
    """Events after number `after`, for ever, or until the job is deleted."""
    quiet = 0
    while True:
        page = await run_in_threadpool(service.store.events, job.id, after, limit=_PAGE)
        for event in page:
            yield event
            after = event.sequence
        quiet = 0 if page else quiet + 1
        if quiet % _CHECK == 1 and await _is_over(service, job, after):
            return
        if len(page) < _PAGE:
            await anyio.sleep(_LOOK)


async def _is_over(service: Service, job: Job, after: int) -> bool:
    """Whether no event can follow the last one seen."""
    try:
        now = await run_in_threadpool(service.store.get, job.id)
    except JobNotFoundError:
        return True
    return now.finished and now.last_event <= after


async def _message(service: Service, job: Job, event: JobEvent) -> ServerSentEvent:
    data: dict[str, Any] = {"at": moment(event.at), **event.data}
    if event.kind == "preview":
        data["url"] = f"/v1/videos/{job.id}/preview"
    if event.kind == "completed":
        data["video"] = video_document(await run_in_threadpool(service.store.get, job.id))
    return ServerSentEvent(event=event.kind, id=str(event.sequence), data=data)
