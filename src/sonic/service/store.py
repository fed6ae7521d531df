"""Jobs as those who ask for them see them: create, look up, list, cancel, delete, and what happened."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import sqlalchemy

from sonic.errors import JobNotFoundError
from sonic.service import admission, schema, transitions, trash
from sonic.service.database import as_record, is_id, new_id
from sonic.service.jobs import FINAL, QUEUED, RUNNING, STATES, SUCCEEDED, Job, JobEvent, Limits, NewJob

if TYPE_CHECKING:
    import builtins
    from datetime import datetime

    from sonic.service.admission import Idempotency
    from sonic.service.database import Database, Transaction


class JobStore:
    """The front side of the job table; `sonic.service.queue.JobQueue` is the workers' side.

    Methods that take an `owner` see only that owner's jobs; None sees all.

    Args:
        database: where the jobs are.
        retention: hours after which finished jobs are deleted; 0 keeps them.
    """

    def __init__(self, database: Database, *, retention: float = 0.0) -> None:
        self._database = database
        self._kept_for = retention * 3600.0 or None

    def create(
        self, new: NewJob, *, idempotency: Idempotency | None = None, limits: Limits | None = None
    ) -> Job:
        """A job for the request; done at once where the same was made before.

        The same idempotency key and fingerprint give the same job again, which counts for no limit.

        Raises:
            IdempotencyError: the key was used for another request.
            QueueFullError, QuotaError: a limit is reached.
        """
        with self._database.write() as transaction:
            job_id = new_id("vid", transaction.now)
            if idempotency is not None:
                known = admission.reserve(transaction, job_id, new.owner, idempotency)
                if known != job_id:
                    return find_job(transaction, known)
            same = find_finished(transaction, new.cache_key)
            admission.check(transaction, new.owner, limits or Limits(), waits=same is None)
            job = self._insert(transaction, job_id, new)
            if same is not None:
                transitions.reuse(transaction, job, same)
            return find_job(transaction, job_id)

    def get(self, job_id: str, *, owner: str | None = None) -> Job:
        """The job.

        Raises:
            JobNotFoundError: there is none of that id, or it is somebody else's.
        """
        with self._database.read() as transaction:
            return find_job(transaction, job_id, owner)

    def list(
        self,
        *,
        owner: str | None = None,
        status: str | None = None,
        limit: int = 20,
        after: str | None = None,
    ) -> list[Job]:
        """Up to `limit` jobs, the newest first, those older than the job `after` where it is given.

        A text that is no job's id has no jobs after it.
        """
        if after is not None and not is_id("vid", after):
            return []
        jobs = schema.jobs
        query = sqlalchemy.select(jobs).order_by(jobs.c.id.desc()).limit(limit)
        if owner is not None:
            query = query.where(jobs.c.owner == owner)
        if status is not None:
            query = query.where(jobs.c.state == status)
        if after is not None:
            query = query.where(jobs.c.id < after)
        with self._database.read() as transaction:
            return [as_record(Job, row) for row in transaction.execute(query)]

    def events(self, job_id: str, after: int = 0, *, limit: int = 100) -> builtins.list[JobEvent]:
        """What happened after the event `after`, in order, up to `limit` events."""
        if not is_id("vid", job_id):
            return []
        events = schema.events
        query = (
            sqlalchemy.select(events.c.sequence, events.c.at, events.c.kind, events.c.data)
            .where(events.c.job_id == job_id, events.c.sequence > after)
            .order_by(events.c.sequence)
            .limit(limit)
        )
        with self._database.read() as transaction:
            return [as_record(JobEvent, row) for row in transaction.execute(query)]

    def preview(self, job_id: str) -> bytes | None:
        """The latest frame of a running job as JPEG, None if there is none (any more)."""
        if not is_id("vid", job_id):
            return None
        previews = schema.previews
        query = sqlalchemy.select(previews.c.jpeg).where(previews.c.job_id == job_id)
        with self._database.read() as transaction:
            jpeg: bytes | None = transaction.execute(query).scalar_one_or_none()
            return jpeg

    def cancel(self, job_id: str, *, owner: str | None = None) -> Job:
        """Stop a job: a waiting one at once, a running one as soon as its worker hears of it.

        A finished job stays as it is.

        Raises:
            JobNotFoundError: there is none of that id, or it is somebody else's.
        """
        jobs = schema.jobs
        with self._database.write() as transaction:
            job = find_job(transaction, job_id, owner, lock=True)
            if job.state == QUEUED:
                transitions.cancel(transaction, job)
            elif job.state == RUNNING:
                transaction.execute(
                    sqlalchemy.update(jobs).where(jobs.c.id == job_id).values(cancel_requested=True)
                )
            return find_job(transaction, job_id)

    def delete(self, job_id: str, *, owner: str | None = None) -> None:
        """Remove a job; its worker stops, and files that no other job needs are deleted soon after.

        Raises:
            JobNotFoundError: there is none of that id, or it is somebody else's.
        """
        with self._database.write() as transaction:
            _remove(transaction, find_job(transaction, job_id, owner, lock=True))

    def expire(self) -> int:
        """Remove the finished jobs whose time is over; returns how many."""
        jobs = schema.jobs
        with self._database.write() as transaction:
            query = (
                sqlalchemy.select(jobs)
                .where(jobs.c.expires_at <= transaction.now, jobs.c.state.in_(FINAL))
                .limit(500)
                .with_for_update(skip_locked=True)
            )
            over = [as_record(Job, row) for row in transaction.execute(query)]
            for job in over:
                _remove(transaction, job)
            return len(over)

    def counts(self) -> dict[str, int]:
        """Jobs by state; every state is there."""
        jobs = schema.jobs
        query = sqlalchemy.select(jobs.c.state, sqlalchemy.func.count().label("jobs")).group_by(jobs.c.state)
        with self._database.read() as transaction:
            found = {row.state: row.jobs for row in transaction.execute(query)}
            return {state: found.get(state, 0) for state in STATES}

    def longest_wait(self) -> float:
        """Seconds for which the oldest waiting job could have begun, 0 if none waits."""
        jobs = schema.jobs
        query = sqlalchemy.select(jobs.c.available_at).where(jobs.c.state == QUEUED)
        with self._database.read() as transaction:
            oldest = transaction.execute(query.order_by(jobs.c.available_at).limit(1)).scalar_one_or_none()
            return 0.0 if oldest is None else max(0.0, (transaction.now - oldest).total_seconds())

    def _insert(self, transaction: Transaction, job_id: str, new: NewJob) -> Job:
        values = dataclasses.asdict(new) | {
            "id": job_id,
            "state": QUEUED,
            "created_at": transaction.now,
            "available_at": transaction.now,
            "kept_for": self._kept_for,
            "webhook_events": list(new.webhook_events),
            "consent": _dated(new, transaction.now),
            "warnings": [],
        }
        transaction.execute(sqlalchemy.insert(schema.jobs).values(values))
        trash.keep(transaction, (new.image, new.audio))
        return find_job(transaction, job_id)


def find_job(transaction: Transaction, job_id: str, owner: str | None = None, *, lock: bool = False) -> Job:
    """The job, locked against other writers where asked for; raises JobNotFoundError."""
    jobs = schema.jobs
    query = sqlalchemy.select(jobs).where(jobs.c.id == job_id)
    if owner is not None:
        query = query.where(jobs.c.owner == owner)
    if lock:
        query = query.with_for_update()
    row = transaction.execute(query).one_or_none() if is_id("vid", job_id) else None
    if row is None:
        raise JobNotFoundError(f"There is no job '{job_id}': it may have expired, or the id is wrong.")
    return as_record(Job, row)


def find_finished(transaction: Transaction, cache_key: str) -> Job | None:
    """A job that made this very video; it is locked, so that its file stays until the transaction ends."""
    jobs = schema.jobs
    query = (
        sqlalchemy.select(jobs)
        .where(jobs.c.cache_key == cache_key, jobs.c.state == SUCCEEDED)
        .order_by(jobs.c.id.desc())
        .limit(1)
        .with_for_update()
    )
    row = transaction.execute(query).one_or_none()
    return None if row is None else as_record(Job, row)


def _remove(transaction: Transaction, job: Job) -> None:
    jobs, idempotency = schema.jobs, schema.idempotency
    transaction.execute(sqlalchemy.delete(idempotency).where(idempotency.c.job_id == job.id))
    transaction.execute(sqlalchemy.delete(jobs).where(jobs.c.id == job.id))
    for key in filter(None, (job.image, job.audio, job.output)):
        trash.throw_away(transaction, key, transaction.now)


def _dated(new: NewJob, now: datetime) -> dict[str, Any] | None:
    """The consent with what makes it worth something: the moment, and what exactly it was given for."""
    if new.consent is None:
        return None
    return {**new.consent, "at": now.isoformat(), "inputs": {"image": new.image, "audio": new.audio}}
