"""What the endpoints work with: settings, stores and decoders, opened once a server."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ParamSpec, TypeVar

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from sonic.digests import weights_digest
from sonic.hub import find_model
from sonic.service.audit import AuditLog
from sonic.service.blobs import BlobStore
from sonic.service.database import Database
from sonic.service.fleet import Fleet
from sonic.service.keys import KeyStore
from sonic.service.rates import RateLimiter
from sonic.service.sandbox import Sandbox
from sonic.service.store import JobStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sonic.service.settings import ServiceSettings

Given = ParamSpec("Given")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Service:
    """Everything behind the endpoints.

    Attributes:
        weights: digest of the model that the workers use.
        reader: looks at the headers of what is uploaded, and asks the portrait hook.
        inspector: analyses portraits and recordings, which takes seconds.
    """

    settings: ServiceSettings
    weights: str
    database: Database
    store: JobStore
    blobs: BlobStore
    keys: KeyStore
    rates: RateLimiter
    audit: AuditLog
    fleet: Fleet
    reader: Sandbox
    inspector: Sandbox

    async def read(self, look: Callable[Given, Found], *given: Given.args, **named: Given.kwargs) -> Found:
        """What a short look into the database finds.

        SQLite's readers wait for nobody, and are done before a change of threads would be: status calls stay
        quick while many ask. PostgreSQL may be far away, and is asked in a thread.
        """
        if self.database.shared:
            return await run_in_threadpool(look, *given, **named)
        return look(*given, **named)


@contextmanager
def opened(settings: ServiceSettings) -> Iterator[Service]:
    """The service of `settings`, closed at the end."""
    database = Database(settings.database)
    memory, seconds = settings.decoder_memory * 2**20, settings.decoder_time
    reader, inspector = (Sandbox(memory=memory, seconds=seconds) for _ in range(2))
    try:
        yield Service(
            settings=settings,
            weights=weights_digest(find_model(settings.model)),
            database=database,
            store=JobStore(database, retention=settings.retention),
            blobs=BlobStore(settings.storage),
            keys=KeyStore(database),
            rates=RateLimiter(),
            audit=AuditLog(database),
            fleet=Fleet(database),
            reader=reader,
            inspector=inspector,
        )
    finally:
        reader.close()
        inspector.close()
        database.close()


async def the_service(request: Request) -> Service:
    """The service of the application that answers `request`."""
    service: Service = request.app.state.service
    return service


Here = Annotated[
    Service, Depends(the_service)
]  # a coroutine: others cost a change of threads for each request
