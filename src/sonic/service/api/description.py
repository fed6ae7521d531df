"""The API's OpenAPI document: FastAPI's, with our problem documents and the ways to give a token."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from sonic.service.api.documents import ProblemDocument
from sonic.service.api.problems import MEDIA_TYPE

if TYPE_CHECKING:
    from fastapi import FastAPI

_PROBLEM = {
    "description": "Refused, or failed: a problem document (RFC 9457) with a stable code.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
}
_OPEN = {"/healthz", "/readyz"}  # need no token
_FASTAPI_ONLY = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> None:
    """Let `app` answer /openapi.json with `document`."""
    app.openapi = partial(document, app)  # type: ignore[method-assign]


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once."""
    if app.openapi_schema is None:
        app.openapi_schema = _complete(
            get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        )
    return app.openapi_schema


def _complete(schema: dict[str, Any]) -> dict[str, Any]:
    components = schema["components"]
    for name in _FASTAPI_ONLY:
        components["schemas"].pop(name, None)
    components["schemas"]["ProblemDocument"] = ProblemDocument.model_json_schema()
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = _PROBLEM
            if path not in _OPEN:
                operation["security"] = [{"token": []}, {}]
    return schema
