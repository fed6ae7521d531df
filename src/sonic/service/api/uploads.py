"""Reads a request's body within limits of size and time, into files that no client has named."""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import anyio
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from sonic.service.api.problems import refused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from fastapi import Request

MEGABYTE = 1_000_000
_FIELDS = 16  # of a form, and as many files
_FIELD_BYTES = 256 * 1024


@dataclass(frozen=True)
class Form:
    """The parts of a body: texts by name, and files on the disk by name."""

    texts: dict[str, str] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)


@asynccontextmanager
async def received(request: Request, limits: Mapping[str, int], seconds: float) -> AsyncIterator[Form]:
    """The multipart body of a request; its files vanish at the end.

    Args:
        request: whose body has not been read.
        limits: the file fields that are taken, with their largest size in bytes.
        seconds: within which the body must have arrived.

    Raises:
        ServiceError: `unsupported_media`, `too_large`, `upload_timeout` or `invalid_request`.
    """
    expect_type(request, "multipart/form-data")
    total = sum(limits.values()) + 2 * _FIELDS * _FIELD_BYTES
    parser = MultiPartParser(
        request.headers,
        limited(request, total),
        max_files=len(limits),
        max_fields=_FIELDS,
        max_part_size=_FIELD_BYTES,
    )
    with tempfile.TemporaryDirectory(prefix="sonic-upload-") as folder:
        try:
            with anyio.fail_after(seconds):
                parts = await parser.parse()
        except MultiPartException as error:
            raise refused("invalid_request", f"The form cannot be read: {error.message}") from error
        except TimeoutError as error:
            raise refused(
                "upload_timeout", f"The upload took more than {seconds:g} s: send it faster or smaller."
            ) from error
        try:
            yield await run_in_threadpool(_sorted, parts.multi_items(), limits, Path(folder))
        finally:
            await parts.close()


async def read_json(request: Request, seconds: float) -> Any:
    """The JSON body of a request, at most as large as a form's text field.

    Raises:
        ServiceError: `too_large`, `upload_timeout` or `invalid_request`.
    """
    content = bytearray()
    try:
        with anyio.fail_after(seconds):
            async for block in limited(request, _FIELD_BYTES):
                content.extend(block)
    except TimeoutError as error:
        raise refused("upload_timeout", f"The body took more than {seconds:g} s: send it faster.") from error
    return parsed(bytes(content), "The body")


def parsed(text: str | bytes, name: str) -> Any:
    """JSON, or the problem that says that it is none."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise refused("invalid_request", f"{name} is no JSON ({error}).") from error


def expect_type(request: Request, *allowed: str) -> str:
    """The media type of the body.

    Raises:
        ServiceError: `unsupported_media`, it is none of those that are taken.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in allowed:
        raise refused("unsupported_media", f"The body is '{given}': send {' or '.join(allowed)}.")
    return given


async def limited(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    """The body as it arrives, as long as it stays within `limit` bytes."""
    announced = request.headers.get("content-length", "")
    total = int(announced) if announced.isdecimal() else 0
    if total > limit:
        raise _too_large("The request", limit)
    total = 0
    try:
        async for block in request.stream():
            total += len(block)
            if total > limit:
                raise _too_large("The request", limit)
            yield block
    except ClientDisconnect as error:
        raise refused("invalid_request", "The connection ended before the request was complete.") from error


def _sorted(parts: list[tuple[str, UploadFile | str]], limits: Mapping[str, int], folder: Path) -> Form:
    form = Form()
    for name, part in parts:
        if name in form.texts or name in form.files:
            raise refused("invalid_request", f"The form has the field '{name}' twice.")
        if isinstance(part, str):
            form.texts[name] = part
        elif name not in limits:
            raise refused("invalid_request", f"The form has a file '{name}', which is not known.")
        else:
            form.files[name] = _saved(part.file, folder / f"input-{len(form.files)}", name, limits[name])
    return form


def _saved(source: IO[bytes], target: Path, name: str, limit: int) -> Path:
    source.seek(0, 2)
    if source.tell() > limit:
        raise _too_large(f"The file '{name}'", limit)
    source.seek(0)
    with target.open("xb") as file:
        shutil.copyfileobj(source, file)
    return target


def _too_large(what: str, limit: int) -> Exception:
    return refused("too_large", f"{what} has more than {limit / MEGABYTE:g} MB: make it smaller.")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
