"""The files of a job: the finished video, its first picture, the latest frame, and what it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, StreamingResponse

from sonic.service.api.context import Here, Service
from sonic.service.api.problems import refused
from sonic.service.api.ranges import Span, asked_span, is_current
from sonic.service.api.videos import OwnJob
from sonic.service.reading import media_type_of, thumbnail

if TYPE_CHECKING:
    from sonic.service.jobs import Job

router = APIRouter(tags=["files"])

_KEPT = "private, max-age=31536000, immutable"  # files are named by their content, which never changes
_HEAD = 64 * 1024  # bytes that tell the kind of a file


@router.get(
    "/v1/videos/{job_id}/content",
    response_class=Response,
    responses={
        200: {"content": {"video/mp4": {}, "video/webm": {}, "image/gif": {}}},
        206: {"description": "The part that `Range` asked for."},
        302: {"description": "The file is in a bucket: fetch it there, within minutes."},
        304: {"description": "The file that `If-None-Match` names is still the right one."},
    },
    summary="Download a video",
)
@router.head("/v1/videos/{job_id}/content", include_in_schema=False)
async def get_content(request: Request, service: Here, job: OwnJob) -> Response:
    """The finished file; `Range` and `ETag` work as for any file."""
    if job.output is None or job.media_type is None:
        raise refused("not_finished", f"The video is {job.state}: there is no file until it has succeeded.")
    name = f'inline; filename="{job.id}.{job.format}"'
    return await _file(request, service, job.output, job.media_type, name)


@router.get(
    "/v1/videos/{job_id}/inputs/{kind}",
    response_class=Response,
    responses={200: {"content": {"*/*": {}}}},
    summary="Download an input",
)
async def get_input(
    request: Request, service: Here, job: OwnJob, kind: Literal["image", "audio"]
) -> Response:
    """The portrait or the recording that the video is made from."""
    key = job.image if kind == "image" else job.audio
    head = await run_in_threadpool(_head, service, key)
    return await _file(request, service, key, media_type_of(head), "attachment")
