"""A worker: loads the model once, then makes one video after the other."""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING

from sonic.errors import DiskSpaceError, FileGoneError, InputError, SonicError, StorageError
from sonic.model import load_model
from sonic.service.attempt import Stopped
from sonic.service.blobs import BlobStore
from sonic.service.database import Database
from sonic.service.fleet import Fleet, new_name
from sonic.service.making import make, terms_of
from sonic.service.memory import is_out_of_memory
from sonic.service.pulse import Pulse
from sonic.service.queue import JobQueue, Verdict
from sonic.service.scratch import remove_scratch, scratch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from typing_extensions import Self

    from sonic.model import Model
    from sonic.service.attempt import Attempt
    from sonic.service.jobs import Job
    from sonic.service.settings import ServiceSettings

_WITHOUT_DATABASE = 5.0  # seconds to wait before the database is tried again

logger = logging.getLogger(__name__)


class Worker:
    """Takes jobs from the queue until it is told to end; `run` does it all.

    An actor of a cluster, which has a loop of its own, writes `with worker: model = worker.load()` and calls
    `take_one(model)` again and again.

    Args:
        settings: where queue and storage are, and the limits of a job.
        name: how it is known; made up if not given.
        kill: ends the process when a job can be stopped in no other way; memory is limited only then, because
            the limit is the whole process's.
    """

    def __init__(
        self, settings: ServiceSettings, *, name: str | None = None, kill: Callable[[], None] | None = None
    ) -> None:
        self.name = name or new_name()
        self._settings = settings
        self._terms = terms_of(settings, limited=kill is not None)
        self._database = Database(settings.database)
        self._blobs = BlobStore(settings.storage)
        self._queue = JobQueue(self._database, lease=settings.lease, attempts=settings.attempts)
        self._pulse = Pulse(
            self._queue,
            Fleet(self._database),
            self.name,
            time_limit=settings.time_limit,
            kill=None if kill is None else lambda: self._die(kill),
        )
        self._ending = threading.Event()
        self._attempt: Attempt | None = None

    def run(self) -> None:
        """Work until `drain` or `stop` is called, or a job has used up the process's memory."""
        with self:
            model = self.load()
            while not self.ending:
                if not self.take_one(model):
                    self._ending.wait(self._settings.poll)

    def __enter__(self) -> Self:
        self._pulse.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._pulse.stop()
        self._database.close()
        remove_scratch(self._settings, self.name)

    def load(self) -> Model:
        """The model of the settings, loaded once for all jobs."""
        model = load_model(self._settings.model, self._settings.device)
        self._pulse.ready()
        logger.info("worker %s is ready", self.name)
        return model

    @property
    def ending(self) -> bool:
        """Whether no further job shall be taken."""
        return self._ending.is_set()

    def drain(self) -> None:
        """End after the job at hand."""
        self._ending.set()

    def stop(self) -> None:
        """End as soon as possible; the job at hand goes back to the queue."""
        self._ending.set()
        if (attempt := self._attempt) is not None:
            attempt.end(Verdict.STOPPED)

    def take_one(self, model: Model) -> bool:
        """Claim a job and work on it, inside a `with` block of the worker; False if there was none."""
        try:
            job = self._queue.claim(self.name)
            if job is not None:
                self._work(model, job)
        except StorageError as error:
            # What happened to the job is not told: its lease runs out, and it is tried again.
            logger.warning("worker %s has no database: %s", self.name, error)
            self._ending.wait(_WITHOUT_DATABASE)
            return False
        return job is not None

    def _work(self, model: Model, job: Job) -> None:
        logger.info("worker %s begins %s, attempt %d", self.name, job.id, job.attempts)
        with self._pulse.holding(job) as attempt, scratch(self._settings, self.name) as folder:
            self._attempt = attempt
            try:
                outcome = make(model, self._database, self._blobs, attempt, folder, self._terms)
                self._queue.finish(job.id, self.name, outcome)
                logger.info("worker %s finished %s", self.name, job.id)
            except Stopped as stopped:
                self._give_back(job, stopped.verdict)
            except Exception as error:  # noqa: BLE001 - the edge of the process: the job keeps the error
                self._fail(job, error, folder)
            finally:
                self._attempt = None

    def _give_back(self, job: Job, verdict: Verdict) -> None:
        logger.info("worker %s leaves %s: %s", self.name, job.id, verdict.value)
        if verdict is Verdict.CANCELED:
            self._queue.canceled(job.id, self.name)
        elif verdict is Verdict.STOPPED:
            self._queue.hand_back(job.id, self.name)
        elif verdict is Verdict.OVERTIME:
            self._fail_overtime(job)

    def _fail(self, job: Job, error: Exception, folder: Path) -> None:
        if is_out_of_memory(error):
            self._ending.set()  # whatever else it was working on may be broken: a fresh process takes over
            code, message, retry = "memory_limit", self._too_large(), False
        elif isinstance(error, SonicError):
            code, message = error.code, str(error).replace(f"{folder}{os.sep}", "")
            final = isinstance(error, (InputError, FileGoneError)) and not isinstance(error, DiskSpaceError)
            retry = not final  # a full disk is this machine's trouble, not the request's
        else:
            logger.error("worker %s failed at %s", self.name, job.id, exc_info=error)
            code, message, retry = "internal", f"unexpected {type(error).__name__}", True
        logger.info("job %s failed with %s: %s", job.id, code, message)
        self._queue.fail(job.id, self.name, code=code, message=message, retry=retry)

    def _too_large(self) -> str:
        return (
            f"The job needed more than {self._settings.memory_limit} MB of memory: "
            "use a smaller picture or a lower preset."
        )

    def _fail_overtime(self, job: Job) -> None:
        message = f"The job took longer than {self._settings.time_limit:g} seconds: use a shorter recording."
        self._queue.fail(job.id, self.name, code="time_limit", message=message, retry=False)

    def _die(self, kill: Callable[[], None]) -> None:
        """The work does not react: say what happened, because nobody can afterwards, and end the process."""
        try:
            if (attempt := self._attempt) is not None:
                logger.error("worker %s is stuck in %s and ends", self.name, attempt.job.id)
                self._fail_overtime(attempt.job)
        finally:
            kill()
