"""The files of a job: the finished video, its first picture, the latest frame, and what it was made from."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, StreamingResponse

from sonic.service.api.context import Here, Service
from sonic.service.api.problems import refused
from sonic.service.api.ranges import Span, asked_span, is_current
from sonic.service.api.videos import OwnJob
from sonic.service.media_types import media_type_of
from sonic.service.reading import first_picture

if TYPE_CHECKING:
    from sonic.service.jobs import Job

Answers: TypeAlias = "dict[int | str, dict[str, Any]]"

router = APIRouter(tags=["files"])

_KEPT = "private, max-age=31536000, immutable"  # files are named by their content, which never changes
_VIDEOS: dict[str, Any] = {media_type: {} for media_type in ("video/mp4", "video/webm", "image/gif")}
_FILE_ANSWERS: Answers = {
    206: {"description": "The part that `Range` asked for."},
    302: {"description": "The file is in a bucket: fetch it from there within minutes."},
    304: {"description": "The file that `If-None-Match` names is still the right one."},
}
_JPEG: Answers = {200: {"content": {"image/jpeg": {}}}}


@router.head("/v1/videos/{job_id}/content", include_in_schema=False)
@router.get(
    "/v1/videos/{job_id}/content",
    response_class=Response,
    responses={200: {"content": _VIDEOS}, **_FILE_ANSWERS},
    summary="Download a video",
)
async def get_content(request: Request, service: Here, job: OwnJob) -> Response:
    """The finished file; `Range` and `ETag` work as for any file."""
    key, media_type = _finished(job)
    name = f'inline; filename="{job.id}.{job.format}"'
    return await _file(request, service, key, media_type, name)


@router.get(
    "/v1/videos/{job_id}/inputs/{kind}",
    response_class=Response,
    responses={200: {"content": {"image/*": {}, "audio/*": {}, "video/*": {}}}, **_FILE_ANSWERS},
    summary="Download an input",
)
async def get_input(
    request: Request, service: Here, job: OwnJob, kind: Literal["image", "audio"]
) -> Response:
    """The portrait or the recording that the video is made from."""
    key = job.image if kind == "image" else job.audio
    media_type = await run_in_threadpool(_sniffed, service, key)
    return await _file(request, service, key, media_type, "attachment")


@router.get(
    "/v1/videos/{job_id}/preview", response_class=Response, responses=_JPEG, summary="See the latest frame"
)
async def get_preview(service: Here, job: OwnJob) -> Response:
    """A frame of the video while it is made; afterwards there is the thumbnail."""
    jpeg = await run_in_threadpool(service.store.preview, job.id)
    if jpeg is None:
        raise refused("no_content", f"The video is {job.state}: there is a frame to see while it is running.")
    return Response(jpeg, media_type="image/jpeg")


@router.get(
    "/v1/videos/{job_id}/thumbnail", response_class=Response, responses=_JPEG, summary="See the first picture"
)
async def get_thumbnail(request: Request, service: Here, job: OwnJob) -> Response:
    """The first picture of the finished video."""
    key, _ = _finished(job)
    headers = {"ETag": f'"{key}-thumbnail"', "Cache-Control": _KEPT}
    if is_current(request.headers, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    jpeg = await run_in_threadpool(_first_picture, service, key)
    return Response(jpeg, headers=headers, media_type="image/jpeg")


def _finished(job: Job) -> tuple[str, str]:
    """Key and media type of the finished file."""
    if job.output is None or job.media_type is None:
        raise refused("not_finished", f"The video is {job.state}: there is no file until it has succeeded.")
    return job.output, job.media_type


async def _file(request: Request, service: Service, key: str, media_type: str, disposition: str) -> Response:
    """A stored file, or the part of it that is asked for."""
    headers = {
        "ETag": f'"{key}"',
        "Cache-Control": _KEPT,
        "Accept-Ranges": "bytes",
        "Content-Disposition": disposition,
    }
    if is_current(request.headers, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    address = await run_in_threadpool(service.blobs.url, key) if service.settings.download_redirects else None
    if address is not None:
        return RedirectResponse(address, 302, {"Cache-Control": "no-store"})
    total = await run_in_threadpool(service.blobs.size, key)
    span = asked_span(request.headers, total, headers["ETag"])
    sent = span or Span(0, total, total)
    headers["Content-Length"] = str(sent.length)
    if span is not None:
        headers["Content-Range"] = span.header
    if request.method == "HEAD":
        return Response(status_code=200, headers=headers, media_type=media_type)
    body = service.blobs.stream(key, sent.start, sent.stop)
    return StreamingResponse(body, 206 if span else 200, headers, media_type)


def _sniffed(service: Service, key: str) -> str:
    return media_type_of(next(service.blobs.stream(key, 0, 16), b""))


def _first_picture(service: Service, key: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="sonic-thumbnail-") as folder:
        return service.reader.run(first_picture, service.blobs.save(key, Path(folder) / "video"))
