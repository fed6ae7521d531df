"""Which workers there are, as they report it themselves."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy

from sonic.service import schema
from sonic.service.database import as_record

if TYPE_CHECKING:
    from datetime import datetime

    from sonic.service.database import Database

STARTING, READY, BUSY = "starting", "ready", "busy"
_FORGOTTEN = timedelta(hours=1)  # after which a silent worker is no longer listed


@dataclass(frozen=True)
class WorkerReport:
    """A worker: `state` is starting, ready or busy with `job_id`; `seen_at` is its last sign of life."""

    name: str
    started_at: datetime
    seen_at: datetime
    state: str
    job_id: str | None


def new_name() -> str:
    """A name that no other worker has: machine, process that starts it, eight random letters."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"


class Fleet:
    """The table of workers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def report(self, name: str, state: str, job_id: str | None = None) -> None:
        """A sign of life."""
        table = schema.workers
        with self._database.write() as transaction:
            now = transaction.now
            latest = {"seen_at": now, "state": state, "job_id": job_id}
            insert = transaction.upsert(table, name=name, started_at=now, **latest)
            transaction.execute(insert.on_conflict_do_update(index_elements=[table.c.name], set_=latest))

    def leave(self, name: str) -> None:
        """The worker has ended."""
        with self._database.write() as transaction:
            transaction.execute(sqlalchemy.delete(schema.workers).where(schema.workers.c.name == name))

    def list(self, *, seen_within: float | None = None) -> list[WorkerReport]:
        """All workers, or those that gave a sign within so many seconds, by name."""
        table = schema.workers
        query = sqlalchemy.select(table).order_by(table.c.name)
        with self._database.read() as transaction:
            if seen_within is not None:
                query = query.where(table.c.seen_at >= transaction.now - timedelta(seconds=seen_within))
            return [as_record(WorkerReport, row) for row in transaction.execute(query)]

    def expire(self) -> int:
        """Forget workers that have been silent for long; returns how many."""
        table = schema.workers
        with self._database.write() as transaction:
            silent = table.c.seen_at < transaction.now - _FORGOTTEN
            return transaction.execute(sqlalchemy.delete(table).where(silent)).rowcount
