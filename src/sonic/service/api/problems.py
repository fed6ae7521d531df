"""Answers every failure with a problem document (RFC 9457) that carries one of our stable codes."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from sonic.errors import InputError, ServiceError, SonicError

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

MEDIA_TYPE = "application/problem+json"

# Codes of the HTTP side alone, and the others that are not answered with 422 (inputs) or 500 (the rest).
STATUSES = {
    "invalid_request": 400,
    "unauthorized": 401,
    "cross_site": 403,
    "portrait_refused": 403,
    "not_found": 404,
    "job_not_found": 404,
    "method_not_allowed": 405,
    "not_finished": 409,
    "no_content": 409,
    "upload_timeout": 408,
    "file_gone": 410,
    "too_large": 413,
    "image_too_large": 413,
    "audio_too_long": 413,
    "unsupported_media": 415,
    "range_not_satisfiable": 416,
    "misdirected": 421,
    "idempotency": 422,
    "config": 422,
    "consent_required": 422,
    "webhook": 422,
    "url_refused": 422,
    "url_unreachable": 422,
    "decoder_limit": 422,
    "decoder_failed": 422,
    "rate_limited": 429,
    "quota": 429,
    "queue_full": 429,
    "busy": 429,
    "internal": 500,
    "storage": 503,
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Problem:
    """One failure as it is answered: stable code, HTTP status, a sentence, and further members."""

    code: str
    status: int
    detail: str
    extra: dict[str, Any]

    @classmethod
    def of(cls, error: Exception) -> Problem:
        """What an exception means for the one who asked."""
        if isinstance(error, RequestValidationError):
            return cls("invalid_request", 400, _sentence(error), {"errors": _places(error)})
        if isinstance(error, HTTPException):
            code = _CODES_OF_STATUS.get(error.status_code, "invalid_request")
            return cls(code, error.status_code, f"{error.detail}.", {})
        if isinstance(error, SonicError):
            return cls(error.code, status_of(error), str(error), {})
        return cls("internal", 500, "The service failed: the operator finds the reason in its log.", {})

    def to_dict(self) -> dict[str, Any]:
        """The members of the document."""
        return {
            "type": f"urn:sonic:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.extra,
        }


_CODES_OF_STATUS = {404: "not_found", 405: "method_not_allowed"}


def status_of(error: SonicError) -> int:
    """The HTTP status of an error of ours."""
    given = getattr(error, "status", None)
    return given or STATUSES.get(error.code) or (422 if isinstance(error, InputError) else 500)


def response_of(error: Exception) -> JSONResponse:
    """The answer to an exception, with the headers that belong to its status."""
    problem = Problem.of(error)
    headers = dict(getattr(error, "headers", None) or {})
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if (seconds := getattr(error, "retry_after", None)) is not None:
        headers["Retry-After"] = str(max(1, math.ceil(seconds)))
    return JSONResponse(problem.to_dict(), problem.status, headers, media_type=MEDIA_TYPE)


def refused(code: str, message: str, *, retry_after: float | None = None) -> ServiceError:
    """The exception for one of the HTTP side's own codes."""
    return ServiceError(message, code=code, status=STATUSES[code], retry_after=retry_after)


def answer_with_problems(app: FastAPI) -> None:
    """Let `app` answer everything that is raised with a problem document."""
    for kind in (SonicError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _handle)


async def _handle(request: Request, error: Exception) -> JSONResponse:
    response = response_of(error)
    request.state.code = Problem.of(error).code
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR and isinstance(error, SonicError):
        _log.error("%s", error, exc_info=error)
    return response


def _sentence(error: RequestValidationError) -> str:
    first = _places(error)[0]
    return f"{first['where']}: {first['what']}."


def _places(error: RequestValidationError) -> list[dict[str, str]]:
    return [
        {"where": ".".join(str(part) for part in one["loc"]), "what": str(one["msg"])}
        for one in error.errors()
    ]
