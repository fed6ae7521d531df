"""Watches every request: one line of JSON in the log, and figures for Prometheus."""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = "X-Request-ID"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)  # seconds

_log = logging.getLogger("sonic.service.requests")


@dataclass(frozen=True)
class RequestFigures:
    """How many requests there were, and how long they took, by route: never by path, which holds ids."""

    registry: CollectorRegistry
    count: Counter = field(init=False)
    seconds: Histogram = field(init=False)

    def __post_init__(self) -> None:
        count = Counter(
            "sonic_http_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        seconds = Histogram(
            "sonic_http_seconds",
            "Seconds until the answer began.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        object.__setattr__(self, "count", count)
        object.__setattr__(self, "seconds", seconds)


class Observer:
    """Measures requests until their answer begins, names each one, and writes it to the log.

    Neither query, headers nor bodies are logged: they may hold secrets.
    """

    def __init__(self, app: ASGIApp, figures: RequestFigures) -> None:
        self._app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        started = time.perf_counter()
        status, seconds = 500, 0.0

        async def watched(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = message["status"], time.perf_counter() - started
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._note(scope, request_id, status, seconds)

    def _note(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if route != "none" else "any"
        self._figures.count.labels(method, route, str(status)).inc()
        self._figures.seconds.labels(method, route).observe(seconds)
        state = scope.get("state", {})
        _log.info(
            "request",
            extra={
                "fields": {
                    "request": request_id,
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "milliseconds": round(seconds * 1000, 1),
                    "client": (scope.get("client") or ("",))[0],
                    "key": state.get("owner"),
                    "code": state.get("code"),
                }
            },
        )
