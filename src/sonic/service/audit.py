"""The audit log: who did what to what, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy

from sonic.service import schema
from sonic.service.database import as_record, new_id

if TYPE_CHECKING:
    from datetime import datetime

    from sonic.service.database import Database

LOCAL = "local"  # the actor without a key: the machine's own user
SYSTEM = "system"  # the actor that nobody asked


@dataclass(frozen=True)
class AuditEntry:
    """`actor` (a key's id, `LOCAL` or `SYSTEM`) did `action` (such as `job.create`) to `subject` (an id)."""

    at: datetime
    actor: str
    action: str
    subject: str
    details: dict[str, Any]


class AuditLog:
    """Appended to, never changed; lines go when they are older than the retention says.

    Details must hold no tokens, no addresses with passwords and no content of the inputs: not everybody who
    reads the log may know those.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, actor: str | None, action: str, subject: str, **details: Any) -> None:
        """Append a line; an `actor` of None is the machine's own user."""
        with self._database.write() as transaction:
            line = {
                "id": new_id("aud", transaction.now),
                "at": transaction.now,
                "actor": actor or LOCAL,
                "action": action,
                "subject": subject,
                "details": details,
            }
            transaction.execute(sqlalchemy.insert(schema.audit).values(line))

    def entries(self, *, subject: str | None = None, limit: int = 100) -> list[AuditEntry]:
        """The latest lines, the newest first, all or those about one subject."""
        audit = schema.audit
        query = sqlalchemy.select(
            audit.c.at, audit.c.actor, audit.c.action, audit.c.subject, audit.c.details
        ).order_by(audit.c.id.desc())
        if subject is not None:
            query = query.where(audit.c.subject == subject)
        with self._database.read() as transaction:
            return [as_record(AuditEntry, row) for row in transaction.execute(query.limit(limit))]

    def expire(self, days: float) -> int:
        """Delete lines older than `days`; returns how many."""
        audit = schema.audit
        with self._database.write() as transaction:
            old = audit.c.at < transaction.now - timedelta(days=days)
            return transaction.execute(sqlalchemy.delete(audit).where(old)).rowcount
