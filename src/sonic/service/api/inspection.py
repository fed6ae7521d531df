"""Advice about a portrait or a recording before any video is ordered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from sonic.config import GenerateConfig
from sonic.face.points import FacePoints
from sonic.service.api.access import Asking
from sonic.service.api.bodies import INSPECT_BODY
from sonic.service.api.context import Here, Service
from sonic.service.api.documents import Inspection, InspectRequest
from sonic.service.api.orders import POINTS_BYTES, form_content, validated
from sonic.service.api.problems import refused
from sonic.service.api.uploads import MEGABYTE, received
from sonic.service.reading import MediaLimits, inspect_picture_file, inspect_recording_file

if TYPE_CHECKING:
    from sonic.service.api.uploads import Form

router = APIRouter(tags=["inspection"])


@router.post(
    "/v1/inspect",
    response_model=Inspection,
    openapi_extra={"requestBody": INSPECT_BODY},
    summary="Look at a portrait or a recording",
)
async def inspect(request: Request, service: Here, _: Asking) -> JSONResponse:
    """What `sonic inspect` says of a file: faces, quality and findings, or speech, noise and speakers."""
    settings = service.settings
    limits = {
        "image": settings.image_limit * MEGABYTE,
        "audio": settings.audio_limit * MEGABYTE,
        "face_points": POINTS_BYTES,
    }
    async with received(request, limits, settings.upload_time) as form:
        kind, report = await run_in_threadpool(_report, service, form)
    return JSONResponse({"object": "inspection", "kind": kind, **report})


def _report(service: Service, form: Form) -> tuple[str, dict[str, Any]]:
    """The kind of file, and the report on it."""
    limits = MediaLimits.of(service.settings)
    match form.files:
        case {"image": image, **others} if others.keys() <= {"face_points"}:
            return "image", service.inspector.run(inspect_picture_file, image, limits, _options(form))
        case {"audio": audio, **others} if not others:
            return "audio", service.inspector.run(inspect_recording_file, audio, limits)
    raise refused("invalid_request", "The form must have one file, 'image' or 'audio': send that.")


def _options(form: Form) -> dict[str, Any]:
    """What matters to a portrait's report: two options, and points placed by hand."""
    wanted = validated(InspectRequest, form_content(form))
    config = GenerateConfig.build(**wanted.config)
    points = None if wanted.face_points is None else FacePoints.read(wanted.face_points)
    return {"face_index": config.face_index, "expand_ratio": config.expand_ratio, "face_points": points}
