"""Changes of a job's state, with the events and webhooks that belong to them, inside one transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy

from sonic.service import durations, schema
from sonic.service.database import new_id
from sonic.service.jobs import CANCELED, FAILED, QUEUED, RUNNING, SUCCEEDED

if TYPE_CHECKING:
    from sonic.service.database import Transaction
    from sonic.service.jobs import Job

EVENTS_KEPT = 1000  # of a job; older ones are dropped
_NO_LEASE = {"lease_owner": None, "lease_expires_at": None}
_DONE = {"stage": "finish", "done": 1, "total": 1, "seconds_left": 0.0}


def add_event(transaction: Transaction, job_id: str, kind: str, data: dict[str, Any]) -> None:
    """Append to the job's story; counting in the job's row keeps the numbers free of gaps."""
    jobs, events = schema.jobs, schema.events
    counted = (
        sqlalchemy.update(jobs)
        .where(jobs.c.id == job_id)
        .values(last_event=jobs.c.last_event + 1)
        .returning(jobs.c.last_event)
    )
    sequence = transaction.execute(counted).scalar_one()
    transaction.execute(
        sqlalchemy.insert(events).values(
            job_id=job_id, sequence=sequence, at=transaction.now, kind=kind, data=data
        )
    )
    if sequence > EVENTS_KEPT and sequence % (EVENTS_KEPT // 10) == 0:  # many at a time, not one each time
        old = sequence - EVENTS_KEPT
        transaction.execute(
            sqlalchemy.delete(events).where(events.c.job_id == job_id, events.c.sequence <= old)
        )


def start(transaction: Transaction, job: Job, *, worker: str, lease: float) -> None:
    """Give a queued job to a worker; every attempt counts, also one that is never heard of again."""
    jobs = schema.jobs
    if job.started_at is None:
        durations.count(transaction, durations.WAIT, durations.STARTED, job.created_at)
    transaction.execute(
        sqlalchemy.update(jobs)
        .where(jobs.c.id == job.id)
        .values(
            state=RUNNING,
            started_at=job.started_at or transaction.now,
            attempts=job.attempts + 1,
            lease_owner=worker,
            lease_expires_at=transaction.now + timedelta(seconds=lease),
        )
    )
    add_event(transaction, job.id, "start", {"attempt": job.attempts + 1})
    if job.attempts == 0:
        _announce(transaction, job, "start", RUNNING, {})


def succeed(transaction: Transaction, job: Job, values: dict[str, Any]) -> None:
    """Finish a job with its output in `values`."""
    _complete(transaction, job, SUCCEEDED, {**values, "progress": _DONE, "error": None})


def reuse(transaction: Transaction, job: Job, same: Job) -> None:
    """Finish a job with the video that another one made."""
    values = {
        "started_at": transaction.now,
        "output": same.output,
        "output_bytes": same.output_bytes,
        "media_type": same.media_type,
        "warnings": same.warnings,
        "metrics": (same.metrics or {}) | {"cached": True},
    }
    succeed(transaction, job, values)


def fail(transaction: Transaction, job: Job, error: dict[str, str]) -> None:
    """Finish a job without a video; `error` holds `code` and `message`."""
    _complete(transaction, job, FAILED, {"error": error})


def cancel(transaction: Transaction, job: Job) -> None:
    """Finish a job because somebody no longer wants it."""
    _complete(transaction, job, CANCELED, {"cancel_requested": True})


def requeue(
    transaction: Transaction, job: Job, *, reason: str, delay: float = 0.0, counted: bool = True
) -> None:
    """Put a running job back: to its old place in the queue, or behind others after `delay` seconds."""
    jobs = schema.jobs
    available = transaction.now + timedelta(seconds=delay) if delay else job.available_at
    transaction.execute(
        sqlalchemy.update(jobs)
        .where(jobs.c.id == job.id)
        .values(
            state=QUEUED,
            progress=None,
            available_at=available,
            attempts=job.attempts if counted else job.attempts - 1,
            **_NO_LEASE,
        )
    )
    add_event(transaction, job.id, "log", {"message": reason})


def _complete(transaction: Transaction, job: Job, state: str, values: dict[str, Any]) -> None:
    jobs, previews = schema.jobs, schema.previews
    expiry = None if job.kept_for is None else transaction.now + timedelta(seconds=job.kept_for)
    ending = {"state": state, "completed_at": transaction.now, "expires_at": expiry} | values | _NO_LEASE
    transaction.execute(sqlalchemy.update(jobs).where(jobs.c.id == job.id).values(ending))
    _count(transaction, job, state)
    transaction.execute(sqlalchemy.delete(previews).where(previews.c.job_id == job.id))
    add_event(transaction, job.id, "completed", {"status": state, "error": values.get("error")})
    _announce(transaction, job, "completed", state, values)


def _count(transaction: Transaction, job: Job, state: str) -> None:
    """What took the time that ends with the job; one that never started has only waited."""
    if job.started_at is not None:
        durations.count(transaction, durations.RUN, state, job.started_at)
    else:
        outcome = durations.CACHED if state == SUCCEEDED else state
        durations.count(transaction, durations.WAIT, outcome, job.created_at)


def _announce(transaction: Transaction, job: Job, event: str, state: str, values: dict[str, Any]) -> None:
    """Leave a webhook message in the outbox: with the change it tells of, or not at all."""
    if not job.webhook or event not in job.webhook_events:
        return
    name = "video.started" if event == "start" else f"video.{state}"
    payload = {
        "type": name,
        "timestamp": transaction.now.isoformat(),
        "data": {"id": job.id, "object": "video", "status": state, "error": values.get("error")},
    }
    transaction.execute(
        sqlalchemy.insert(schema.outbox).values(
            id=new_id("msg", transaction.now),
            job_id=job.id,
            url=job.webhook,
            event=name,
            payload=payload,
            created_at=transaction.now,
            next_at=transaction.now,
            attempts=0,
        )
    )
