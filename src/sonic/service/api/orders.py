"""From a request that was read to a job in the queue: every check that can be made before."""

from __future__ import annotations

import hashlib
import json
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from sonic.config import GenerateConfig
from sonic.digests import request_digest
from sonic.face.points import FacePoints
from sonic.media.digest import file_digest
from sonic.service.admission import Idempotency
from sonic.service.api.documents import LinkedVideoRequest, VideoRequest
from sonic.service.api.problems import refused
from sonic.service.api.uploads import MEGABYTE, expect_type, parsed, read_json, received
from sonic.service.fetch import Fetcher, GuardedNetwork, check_url
from sonic.service.jobs import Limits, NewJob
from sonic.service.reading import MediaLimits, check_upload
from sonic.service.trash import announce_upload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import Request

    from sonic.service.api.access import Caller
    from sonic.service.api.context import Service
    from sonic.service.api.uploads import Form
    from sonic.service.jobs import Job
    from sonic.service.settings import ServiceSettings

Wanted = TypeVar("Wanted", bound=BaseModel)

POINTS_BYTES = 64 * 1024
_PLAIN = ("format", "webhook")  # fields of the form that are texts, not JSON


@dataclass(frozen=True)
class Order:
    """A wanted video: its two files, and everything else about it."""

    image: Path
    audio: Path
    request: VideoRequest


@asynccontextmanager
async def read_order(request: Request, settings: ServiceSettings) -> AsyncIterator[Order]:
    """The order in a request's body, multipart or JSON; its files vanish at the end.

    Raises:
        ServiceError, RequestValidationError: the request cannot be read, or is too large.
    """
    kind = expect_type(request, "multipart/form-data", "application/json")
    if kind == "application/json":
        wanted = validated(LinkedVideoRequest, await read_json(request, settings.upload_time))
        with TemporaryDirectory(prefix="sonic-upload-") as folder:
            yield await run_in_threadpool(_fetched, wanted, Path(folder), settings)
        return
    async with received(request, _limits(settings), settings.upload_time) as form:
        yield _from_form(form)


def place(service: Service, caller: Caller, order: Order, key: str | None) -> Job:
    """Check an order, store its files and queue it; the same `key` and order give the same job.

    Raises:
        SonicError: whatever is wrong with it, or with the caller's limits.
    """
    settings = service.settings
    config = GenerateConfig.build(**order.request.config)
    if config.label == "auto":
        config = replace(config, label=settings.label)
    points = _points(order.request)
    _check_consent(order.request, settings)
    _check_webhook(order.request, settings)
    limits = MediaLimits.of(settings)
    service.reader.run(check_upload, order.image, order.audio, limits, settings.portrait_hook)
    image, audio = (_stored(service, path) for path in (order.image, order.audio))
    if config.seed is None:
        config = replace(config, seed=secrets.randbits(32))
    new = _new_job(service, caller, order.request, image=image, audio=audio, config=config, points=points)
    job = service.store.create(
        new,
        idempotency=None if key is None else Idempotency(key, _fingerprint(order.request, image, audio)),
        limits=Limits(queue=settings.queue_limit, jobs_per_day=caller.jobs_per_day),
    )
    service.audit.record(caller.owner, "job.create", job.id, image=image, audio=audio, format=job.format)
    return job


def form_content(form: Form) -> dict[str, Any]:
    """The text fields of a form, those in JSON read; face points may also have come as a file."""
    content: dict[str, Any] = {
        name: text if name in _PLAIN else parsed(text, f"The field '{name}'")
        for name, text in form.texts.items()
    }
    if "face_points" in form.files:
        content["face_points"] = parsed(form.files["face_points"].read_bytes(), "The file 'face_points'")
    return content


def validated(model: type[Wanted], content: Any) -> Wanted:
    """`content` as a `model`; what does not fit is answered like every invalid request."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_context=False)) from error


def _new_job(
    service: Service,
    caller: Caller,
    wanted: VideoRequest,
    *,
    image: str,
    audio: str,
    config: GenerateConfig,
    points: dict[str, Any] | None,
) -> NewJob:
    values = config.to_dict()
    return NewJob(
        image=image,
        audio=audio,
        config=values,
        format=wanted.format,
        face_points=points,
        cache_key=request_digest(
            image=image,
            audio=audio,
            config=values,
            weights=service.weights,
            format=wanted.format,
            face_points=points,
        ),
        owner=caller.owner,
        consent=None if wanted.consent is None else wanted.consent.model_dump(),
        webhook=wanted.webhook,
        webhook_events=tuple(wanted.webhook_events),
    )


def _from_form(form: Form) -> Order:
    for name in ("image", "audio"):
        if name not in form.files:
            raise refused(
                "invalid_request", f"The form has no file '{name}': send the portrait and the voice."
            )
    return Order(form.files["image"], form.files["audio"], validated(VideoRequest, form_content(form)))


def _fetched(wanted: LinkedVideoRequest, folder: Path, settings: ServiceSettings) -> Order:
    if not settings.fetch_urls:
        raise refused("url_refused", "This service fetches no addresses: send the files themselves.")
    fetcher = Fetcher(allow_private=settings.fetch_private, seconds=settings.upload_time)
    limits = _limits(settings)

    def fetch(name: str, url: str) -> Path:
        with (folder / name).open("xb") as file:
            fetcher.fetch(url, file, limit=limits[name])
        return folder / name

    return Order(fetch("image", wanted.image_url), fetch("audio", wanted.audio_url), wanted)


def _limits(settings: ServiceSettings) -> dict[str, int]:
    """Bytes that each file field may have."""
    return {
        "image": settings.image_limit * MEGABYTE,
        "audio": settings.audio_limit * MEGABYTE,
        "face_points": POINTS_BYTES,
    }


def _points(wanted: VideoRequest) -> dict[str, Any] | None:
    if wanted.face_points is None:
        return None
    return {name: list(place) for name, place in FacePoints.read(wanted.face_points).places.items()}


def _check_consent(wanted: VideoRequest, settings: ServiceSettings) -> None:
    if settings.require_consent and wanted.consent is None:
        raise refused(
            "consent_required",
            'This service wants to know that the person agrees: send consent {"statement": ..., "by": ...}.',
        )


def _check_webhook(wanted: VideoRequest, settings: ServiceSettings) -> None:
    if wanted.webhook is None:
        return
    if settings.webhook_secret is None:
        raise refused(
            "webhook", "This service sends no webhooks: its operator must set SONIC_WEBHOOK_SECRET."
        )
    check_url(wanted.webhook)
    GuardedNetwork(allow_private=settings.webhook_private).check(wanted.webhook)


def _stored(service: Service, path: Path) -> str:
    """The key of a file that is in the storage from now on, or is thrown away if no job follows."""
    announce_upload(service.database, file_digest(path))
    return service.blobs.put(path).key


def _fingerprint(wanted: VideoRequest, image: str, audio: str) -> str:
    """What makes two requests the same: all that was sent, but not the names and places of the files."""
    content = [image, audio, wanted.model_dump(mode="json", exclude={"image_url", "audio_url"})]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
