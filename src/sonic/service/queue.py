"""The workers' side of the job table: claim a job, keep it alive, and say what became of it."""

from __future__ import annotations

import enum
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy

from sonic.service import schema, transitions, trash
from sonic.service.database import as_record
from sonic.service.jobs import QUEUED, RUNNING, Job
from sonic.service.store import find_finished

if TYPE_CHECKING:
    from sonic.service.database import Database, Transaction
    from sonic.service.jobs import Outcome

_BACK_OFF = 2.0  # seconds before the first retry; each further one waits twice as long
_AT_ONCE = 100  # abandoned jobs that are looked after in one transaction


class Verdict(enum.Enum):
    """Whether the work on a job shall go on; `JobQueue.heartbeat` says one of the first three."""

    GO_ON = "go on"
    CANCELED = "canceled"  # nobody wants it any more
    LOST = "lost"  # it is somebody else's by now, or gone
    STOPPED = "stopped"  # the worker is told to end
    OVERTIME = "overtime"  # it takes too long


class JobQueue:
    """Hands out jobs one worker each, by leases that must be renewed.

    A worker that dies or falls silent loses its job when the lease runs out: the next `claim` of anybody puts
    it back. Whatever a worker says of a job that it no longer holds is ignored, so nothing is finished twice.

    Args:
        database: where the jobs are.
        lease: seconds that a claim or a heartbeat is good for.
        attempts: how often a job is begun before it fails.
    """

    def __init__(self, database: Database, *, lease: float = 30.0, attempts: int = 3) -> None:
        self._database = database
        self._attempts = attempts
        self.lease = lease

    def claim(self, worker: str) -> Job | None:
        """The oldest waiting job, which is `worker`'s from now on; None if there is none.

        A job whose video was made in the meantime is finished on the spot, and the next one is taken.
        """
        with self._database.read() as transaction:  # idle workers lock nobody out
            if not _anything_to_do(transaction):
                return None
        with self._database.write() as transaction:
            self._put_back(transaction, schema.jobs.c.lease_expires_at < transaction.now)
            while (job := _next(transaction)) is not None:
                same = find_finished(transaction, job.cache_key)
                if same is None:
                    transitions.start(transaction, job, worker=worker, lease=self.lease)
                    return _held(transaction, job.id, worker)
                transitions.reuse(transaction, job, same)
        return None

    def release(self, worker: str) -> int:
        """Put back the jobs of a worker that is known to be dead, without waiting for the lease."""
        with self._database.write() as transaction:
            return self._put_back(transaction, schema.jobs.c.lease_owner == worker)

    def hand_back(self, job_id: str, worker: str) -> bool:
        """Return an unfinished job because the worker is told to stop; this attempt does not count."""
        with self._database.write() as transaction:
            job = _held(transaction, job_id, worker)
            if job is None:
                return False
            if job.cancel_requested:
                transitions.cancel(transaction, job)
            else:
                transitions.requeue(transaction, job, reason="the worker was stopped", counted=False)
            return True

    def heartbeat(self, job_id: str, worker: str) -> Verdict:
        """Renew the lease."""
        jobs = schema.jobs
        with self._database.write() as transaction:
            expiry = transaction.now + timedelta(seconds=self.lease)
            renewed = (
                sqlalchemy.update(jobs)
                .where(jobs.c.id == job_id, jobs.c.state == RUNNING, jobs.c.lease_owner == worker)
                .values(lease_expires_at=expiry)
                .returning(jobs.c.cancel_requested)
            )
            canceled = transaction.execute(renewed).scalar_one_or_none()
        if canceled is None:
            return Verdict.LOST
        return Verdict.CANCELED if canceled else Verdict.GO_ON

    def progress(self, job_id: str, worker: str, progress: dict[str, Any]) -> bool:
        """Tell how far the work is: `stage`, `done`, `total`, `seconds_left`; False if the job is lost."""
        jobs = schema.jobs
        with self._database.write() as transaction:
            job = _held(transaction, job_id, worker)
            if job is None:
                return False
            transaction.execute(sqlalchemy.update(jobs).where(jobs.c.id == job_id).values(progress=progress))
            transitions.add_event(transaction, job_id, "progress", progress)
            return True

    def preview(self, job_id: str, worker: str, jpeg: bytes) -> bool:
        """Show a frame of the work, a JPEG in place of the last one; False if the job is lost."""
        previews = schema.previews
        with self._database.write() as transaction:
            if _held(transaction, job_id, worker) is None:
                return False
            insert = transaction.upsert(previews, job_id=job_id, at=transaction.now, jpeg=jpeg)
            latest = {"at": transaction.now, "jpeg": jpeg}
            transaction.execute(insert.on_conflict_do_update(index_elements=[previews.c.job_id], set_=latest))
            transitions.add_event(transaction, job_id, "preview", {"bytes": len(jpeg)})
            return True

    def finish(self, job_id: str, worker: str, outcome: Outcome) -> bool:
        """The video is stored: the job has succeeded. False if the job is lost, and nothing changes."""
        with self._database.write() as transaction:
            job = _held(transaction, job_id, worker)
            if job is None:
                return False
            values = {
                "output": outcome.output,
                "output_bytes": outcome.output_bytes,
                "media_type": outcome.media_type,
                "warnings": list(outcome.warnings),
                "metrics": outcome.metrics,
            }
            transitions.succeed(transaction, job, values)
            trash.keep(transaction, (outcome.output,))
            return True

    def fail(self, job_id: str, worker: str, *, code: str, message: str, retry: bool) -> bool:
        """The attempt failed; with `retry` the job waits a little and comes again, unless that was the last.

        False if the job is lost, and nothing changes.
        """
        with self._database.write() as transaction:
            job = _held(transaction, job_id, worker)
            if job is None:
                return False
            if retry and job.attempts < self._attempts:
                delay = _BACK_OFF * 2.0 ** (job.attempts - 1)
                transitions.requeue(transaction, job, reason=f"{code}: {message}", delay=delay)
            else:
                transitions.fail(transaction, job, {"code": code, "message": message})
            return True

    def canceled(self, job_id: str, worker: str) -> bool:
        """The worker has stopped because it was told to; False if the job is lost."""
        with self._database.write() as transaction:
            job = _held(transaction, job_id, worker)
            if job is not None:
                transitions.cancel(transaction, job)
            return job is not None

    def _put_back(self, transaction: Transaction, condition: sqlalchemy.ColumnElement[bool]) -> int:
        jobs = schema.jobs
        query = (
            sqlalchemy.select(jobs)
            .where(jobs.c.state == RUNNING, condition)
            .limit(_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        abandoned = [as_record(Job, row) for row in transaction.execute(query)]
        for job in abandoned:
            self._give_up(transaction, job)
        return len(abandoned)

    def _give_up(self, transaction: Transaction, job: Job) -> None:
        if job.cancel_requested:
            transitions.cancel(transaction, job)
        elif job.attempts < self._attempts:
            transitions.requeue(transaction, job, reason="the worker was lost")
        else:
            message = (
                f"The worker died in each of {job.attempts} attempts: save picture and sound again, "
                "or ask for a smaller video."
            )
            transitions.fail(transaction, job, {"code": "worker_lost", "message": message})


def _anything_to_do(transaction: Transaction) -> bool:
    """Whether a job waits, or one was abandoned."""
    jobs = schema.jobs
    waiting = sqlalchemy.and_(jobs.c.state == QUEUED, jobs.c.available_at <= transaction.now)
    abandoned = sqlalchemy.and_(jobs.c.state == RUNNING, jobs.c.lease_expires_at < transaction.now)
    query = sqlalchemy.select(jobs.c.id).where(sqlalchemy.or_(waiting, abandoned)).limit(1)
    return transaction.execute(query).first() is not None


def _next(transaction: Transaction) -> Job | None:
    jobs = schema.jobs
    query = (
        sqlalchemy.select(jobs)
        .where(jobs.c.state == QUEUED, jobs.c.available_at <= transaction.now)
        .order_by(jobs.c.available_at, jobs.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = transaction.execute(query).one_or_none()
    return None if row is None else as_record(Job, row)


def _held(transaction: Transaction, job_id: str, worker: str) -> Job | None:
    """The job, locked, if it is running and this worker's."""
    jobs = schema.jobs
    query = (
        sqlalchemy.select(jobs)
        .where(jobs.c.id == job_id, jobs.c.state == RUNNING, jobs.c.lease_owner == worker)
        .with_for_update()
    )
    row = transaction.execute(query).one_or_none()
    return None if row is None else as_record(Job, row)
