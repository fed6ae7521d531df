"""Webhook messages that wait to be delivered; written with the change that they tell of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy

from sonic.service import schema

if TYPE_CHECKING:
    from sonic.service.database import Database

_KEPT = timedelta(days=7)  # how long a message that is done with is kept, to look at


@dataclass(frozen=True)
class Message:
    """A message to deliver: `id` is the same at every attempt, `attempts` counts this one."""

    id: str
    job_id: str
    url: str
    event: str
    payload: dict[str, Any]
    attempts: int


class Outbox:
    """Hands out messages to whoever delivers them; one that falls silent loses them again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, *, limit: int = 10, seconds: float = 60.0) -> list[Message]:
        """Messages that are due, the oldest first; they come again after `seconds` unless told otherwise."""
        outbox = schema.outbox
        with self._database.write() as transaction:
            query = (
                sqlalchemy.select(outbox)
                .where(outbox.c.next_at <= transaction.now)
                .order_by(outbox.c.next_at, outbox.c.id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            due = [
                Message(row.id, row.job_id, row.url, row.event, row.payload, row.attempts + 1)
                for row in transaction.execute(query)
            ]
            again = transaction.now + timedelta(seconds=seconds)
            taken = sqlalchemy.update(outbox).where(outbox.c.id.in_([message.id for message in due]))
            transaction.execute(taken.values(next_at=again, attempts=outbox.c.attempts + 1))
            return due

    def delivered(self, message_id: str) -> None:
        """The receiver has it."""
        outbox = schema.outbox
        with self._database.write() as transaction:
            done = sqlalchemy.update(outbox).where(outbox.c.id == message_id)
            transaction.execute(done.values(delivered_at=transaction.now, next_at=None, error=None))

    def failed(self, message_id: str, error: str, *, again_in: float | None) -> None:
        """The receiver did not take it; try again after `again_in` seconds, or never."""
        outbox = schema.outbox
        with self._database.write() as transaction:
            later = None if again_in is None else transaction.now + timedelta(seconds=again_in)
            missed = sqlalchemy.update(outbox).where(outbox.c.id == message_id)
            transaction.execute(missed.values(next_at=later, error=error))

    def expire(self) -> int:
        """Delete old messages that are delivered or given up; returns how many."""
        outbox = schema.outbox
        with self._database.write() as transaction:
            old = outbox.c.created_at < transaction.now - _KEPT
            done = sqlalchemy.delete(outbox).where(outbox.c.next_at.is_(None), old)
            return transaction.execute(done).rowcount
