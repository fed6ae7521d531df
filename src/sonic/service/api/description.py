"""The API's OpenAPI document: FastAPI's, with our problem documents and the ways to give a token."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from sonic.service.api.config_schema import TITLE, config_schema
from sonic.service.api.documents import Consent, ProblemDocument
from sonic.service.api.problems import MEDIA_TYPE

if TYPE_CHECKING:
    from fastapi import FastAPI

_PROBLEM = {
    "description": "Refused, or failed: a problem document (RFC 9457) with a stable code.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
}
_OPEN = {"/healthz", "/readyz"}  # need no token
_OF_FASTAPI = ("HTTPValidationError", "ValidationError")  # what it would answer; we answer problems
_CONFIG = {"$ref": f"#/components/schemas/{TITLE}"}


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


def _complete(made: dict[str, Any]) -> dict[str, Any]:
    schemas = made["components"]["schemas"]
    for name in _OF_FASTAPI:
        schemas.pop(name, None)
    for model in (ProblemDocument, Consent):
        schemas[model.__name__] = model.model_json_schema()
    for path, operations in made["paths"].items():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = _PROBLEM
            if path not in _OPEN:
                operation["security"] = [{"token": []}, {}]
    complete: dict[str, Any] = _once(made)
    complete["components"]["schemas"][TITLE] = config_schema()
    complete["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return complete


def _once(part: Any) -> Any:
    """The same with the long schema of the options replaced by a reference."""
    if isinstance(part, dict):
        if part.get("title") == TITLE and part.get("type") == "object":
            return _CONFIG
        return {name: _once(value) for name, value in part.items()}
    return [_once(value) for value in part] if isinstance(part, list) else part
