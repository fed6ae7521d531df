"""Whether a new job may come in: repeated requests, a full queue, used-up quotas."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy

from sonic.errors import IdempotencyError, QueueFullError, QuotaError
from sonic.service import schema
from sonic.service.jobs import QUEUED

if TYPE_CHECKING:
    from datetime import datetime

    from sonic.service.database import Transaction
    from sonic.service.jobs import Limits

_BUSY = 10.0  # seconds after which a full queue is worth another try


@dataclass(frozen=True)
class Idempotency:
    """A key that the caller chose for a request, any text, and a digest of the request's content."""

    key: str
    fingerprint: str


def reserve(transaction: Transaction, job_id: str, owner: str | None, request: Idempotency) -> str:
    """The job that the key stands for: `job_id` from now on, or the one that an earlier request got.

    Raises:
        IdempotencyError: the earlier request was another one.
    """
    table = schema.idempotency
    key = hashlib.sha256(request.key.encode()).hexdigest()  # whatever was chosen fits into the column
    values = {"owner": owner or "", "key": key, "fingerprint": request.fingerprint, "job_id": job_id}
    transaction.execute(transaction.upsert(table, **values).on_conflict_do_nothing())
    found = transaction.execute(
        sqlalchemy.select(table.c.job_id, table.c.fingerprint).where(
            table.c.owner == values["owner"], table.c.key == key
        )
    ).one()
    if found.fingerprint != request.fingerprint:
        raise IdempotencyError(
            f"The idempotency key '{request.key}' was used for another request: use a new key for each."
        )
    return str(found.job_id)


def check(transaction: Transaction, owner: str | None, limits: Limits, *, waits: bool) -> None:
    """Count one more job of `owner`; one that is answered at once needs no place in the queue.

    Raises:
        QueueFullError, QuotaError: a limit is reached.
    """
    if waits and limits.queue is not None:
        _check_queue(transaction, limits.queue)
    if owner is not None:
        _count(transaction, owner, limits.jobs_per_day)


def _check_queue(transaction: Transaction, limit: int) -> None:
    jobs = schema.jobs
    waiting = sqlalchemy.select(sqlalchemy.func.count()).select_from(jobs).where(jobs.c.state == QUEUED)
    if transaction.execute(waiting).scalar_one() >= limit:
        raise QueueFullError(f"{limit} jobs are waiting, more are not taken: try again later.", _BUSY)


def _count(transaction: Transaction, owner: str, limit: int | None) -> None:
    usage = schema.usage
    insert = transaction.upsert(usage, owner=owner, day=transaction.now.date().isoformat(), jobs=1)
    counted = insert.on_conflict_do_update(
        index_elements=[usage.c.owner, usage.c.day], set_={"jobs": usage.c.jobs + 1}
    ).returning(usage.c.jobs)
    used = transaction.execute(counted).scalar_one()
    if limit is not None and used > limit:
        raise QuotaError(
            f"This key may make {limit} videos a day, and has: wait until the next day (UTC).",
            _until_tomorrow(transaction.now),
        )


def _until_tomorrow(now: datetime) -> float:
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - now).total_seconds()
