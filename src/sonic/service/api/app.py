"""Puts the HTTP API together."""

from __future__ import annotations

import threading
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from prometheus_client import CollectorRegistry
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

import sonic
from sonic.errors import SonicError
from sonic.service.api import catalogue, content, events, health, inspection, videos
from sonic.service.api.access import check_exposure, needs_token
from sonic.service.api.context import opened
from sonic.service.api.description import describe
from sonic.service.api.headers import LOCAL_NAMES, OwnPagesOnly, SecurityHeaders
from sonic.service.api.observe import REQUEST_ID, Observer, RequestFigures
from sonic.service.api.problems import answer_with_problems
from sonic.service.api.studio import add_studio
from sonic.service.fetch import GuardedNetwork
from sonic.service.outbox import Outbox
from sonic.service.reading import check_hook, load_inspectors, load_readers
from sonic.service.webhooks import Postman, PostOffice, Signer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sonic.service.api.context import Service
    from sonic.service.settings import ServiceSettings

_ROUTERS = (videos, events, content, inspection, catalogue, health)
_EXPOSED = ("Location", "ETag", "Content-Range", "Retry-After", "Preference-Applied", REQUEST_ID)


def create_app(settings: ServiceSettings, *, warm: bool = False) -> FastAPI:
    """The ASGI application of a service; it opens database and storage when the server starts it.

    With `warm`, the processes that look at uploads are started at once, and not by the first upload.

    Raises:
        ConfigError: the settings do not fit together; when the server starts, also a server that others can
            reach without any token, or a hook that cannot be loaded.
    """
    registry = CollectorRegistry()
    app = FastAPI(
        title="Sonic",
        summary="One portrait and one voice recording in, a talking video out.",
        version=sonic.__version__,
        generate_unique_id_function=lambda route: route.name,
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        middleware=_middleware(settings, RequestFigures(registry)),
        lifespan=_lifespan(settings, warm=warm),
    )
    app.state.registry = registry
    answer_with_problems(app)
    for module in _ROUTERS:
        app.include_router(module.router)
    add_studio(app)
    describe(app)
    return app


def _lifespan(settings: ServiceSettings, *, warm: bool) -> Any:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with opened(settings) as service:
            await run_in_threadpool(_check, service)
            app.state.service = service
            if warm:
                threading.Thread(target=_warm_up, args=(service,), name="sonic-warm-up", daemon=True).start()
            health.watch_jobs(app.state.registry, service)
            with _delivering(service):
                yield

    return lifespan


@contextmanager
def _delivering(service: Service) -> Iterator[None]:
    """Webhooks are delivered in the background."""
    settings = service.settings
    if settings.webhook_secret is None:
        yield
        return
    network = GuardedNetwork(allow_private=settings.webhook_private)
    office = PostOffice(Postman(Outbox(service.database), Signer.of(settings.webhook_secret), network))
    office.start()
    try:
        yield
    finally:
        office.stop()


def _warm_up(service: Service) -> None:
    for sandbox, task in ((service.reader, load_readers), (service.inspector, load_inspectors)):
        with suppress(SonicError):  # who uploads first will be told
            sandbox.run(task)


def _check(service: Service) -> None:
    check_exposure(service.settings, service.keys)
    if service.settings.portrait_hook is not None:
        service.reader.run(check_hook, service.settings.portrait_hook)


def _middleware(settings: ServiceSettings, figures: RequestFigures) -> list[Middleware]:
    """The outermost first."""
    origins = _listed(settings.cors_origins)
    layers = [Middleware(Observer, figures=figures), Middleware(SecurityHeaders)]
    if not needs_token(settings):
        names = (*LOCAL_NAMES, settings.host, *_listed(settings.allowed_hosts))
        layers.append(Middleware(OwnPagesOnly, names=names, origins=origins))
    if origins:
        layers.append(
            Middleware(
                CORSMiddleware,
                allow_origins=origins,
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "Prefer"],
                expose_headers=_EXPOSED,
            )
        )
    return layers


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
