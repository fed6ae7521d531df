"""A worker's signs of life: a thread that renews the lease and tells how far the work is."""

from __future__ import annotations

import io
import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PIL import Image

from sonic.errors import StorageError
from sonic.service.attempt import Attempt, describe
from sonic.service.fleet import BUSY, READY, STARTING
from sonic.service.queue import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    import numpy.typing as npt

    from sonic.service.fleet import Fleet
    from sonic.service.jobs import Job
    from sonic.service.queue import JobQueue

_TICK = 0.25  # seconds between reports of progress
_BEAT_EVERY = 2.0  # seconds at most: a job that is cancelled hears of it so soon
_PREVIEW_EVERY = 1.0  # seconds
_PREVIEW_SIDE = 384  # pixels of the longer side
_PREVIEW_QUALITY = 75
_TROUBLE = (StorageError, MemoryError, OSError)  # the job may leave no memory for this thread; it tries again
_HARD_AFTER = 5.0  # seconds that work which takes too long has to end by itself

logger = logging.getLogger(__name__)


class Pulse:
    """Runs from `start` to `stop`; holds one job at a time.

    Args:
        queue, fleet: where it reports.
        worker: name of the worker.
        time_limit: seconds that a job may take.
        kill: ends the process when a job that takes too long does not stop by itself; None leaves it running.
    """

    def __init__(
        self,
        queue: JobQueue,
        fleet: Fleet,
        worker: str,
        *,
        time_limit: float,
        kill: Callable[[], None] | None = None,
    ) -> None:
        self._queue = queue
        self._fleet = fleet
        self._worker = worker
        self._time_limit = time_limit
        self._kill = kill
        self._attempt: Attempt | None = None
        self._ready = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sonic-pulse", daemon=True)

    def start(self) -> None:
        """Begin to give signs."""
        self._thread.start()

    def stop(self) -> None:
        """End, and strike the worker off the list."""
        self._stopping.set()
        self._thread.join()
        try:
            self._fleet.leave(self._worker)
        except StorageError:
            logger.warning("worker %s could not say goodbye", self._worker)

    def ready(self) -> None:
        """From now on the worker can take jobs."""
        self._ready = True

    @contextmanager
    def holding(self, job: Job) -> Iterator[Attempt]:
        """Keep the job's lease alive while the block runs."""
        attempt = Attempt(job)
        self._attempt = attempt
        try:
            yield attempt
        finally:
            self._attempt = None

    def _run(self) -> None:
        beats = _Beats(min(self._queue.lease / 3, _BEAT_EVERY))
        reporter = _Reporter(self._queue, self._worker)
        while True:
            attempt = self._attempt
            if attempt is not None:
                reporter.report(attempt)
                self._check_time(attempt)
            if beats.due(attempt):
                self._beat(attempt, beats)
            if self._stopping.wait(_TICK):
                return

    def _beat(self, attempt: Attempt | None, beats: _Beats) -> None:
        try:
            if attempt is None:
                self._fleet.report(self._worker, READY if self._ready else STARTING)
            else:
                self._fleet.report(self._worker, BUSY, attempt.job.id)
                attempt.end(self._queue.heartbeat(attempt.job.id, self._worker))
            beats.done(attempt)
        except _TROUBLE as error:
            logger.warning("worker %s cannot give a sign of life: %s", self._worker, error)
            if attempt is not None and beats.silent_for() > self._queue.lease:
                attempt.end(Verdict.LOST)

    def _check_time(self, attempt: Attempt) -> None:
        overtime = time.monotonic() - attempt.began - self._time_limit
        if overtime > 0:
            attempt.end(Verdict.OVERTIME)
        if overtime > _HARD_AFTER and self._kill is not None:
            self._kill()


class _Beats:
    """When the next heartbeat is due: every `interval` seconds, and at once for a new job."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._last = time.monotonic() - interval
        self._of: Attempt | None = None

    def silent_for(self) -> float:
        return time.monotonic() - self._last

    def due(self, attempt: Attempt | None) -> bool:
        return attempt is not self._of or self.silent_for() >= self._interval

    def done(self, attempt: Attempt | None) -> None:
        self._of, self._last = attempt, time.monotonic()


class _Reporter:
    """Sends progress and previews that have changed, each no more often than somebody could look."""

    def __init__(self, queue: JobQueue, worker: str) -> None:
        self._queue = queue
        self._worker = worker
        self._told: object = None
        self._shown: object = None
        self._shown_at = 0.0

    def report(self, attempt: Attempt) -> None:
        try:
            self._tell(attempt)
            if time.monotonic() - self._shown_at >= _PREVIEW_EVERY:
                self._show(attempt)
        except _TROUBLE as error:
            logger.warning("worker %s cannot report: %s", self._worker, error)

    def _tell(self, attempt: Attempt) -> None:
        progress = attempt.progress
        if progress is not None and progress is not self._told:
            self._queue.progress(attempt.job.id, self._worker, describe(progress))
            self._told = progress

    def _show(self, attempt: Attempt) -> None:
        frame = attempt.frame
        if frame is not None and frame is not self._shown:
            self._queue.preview(attempt.job.id, self._worker, to_jpeg(frame))
            self._shown, self._shown_at = frame, time.monotonic()


def to_jpeg(frame: npt.NDArray[np.uint8]) -> bytes:
    """A small picture of a frame `[H, W, 3]`, at most 384 pixels on its longer side."""
    picture = Image.fromarray(frame)
    picture.thumbnail((_PREVIEW_SIDE, _PREVIEW_SIDE))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=_PREVIEW_QUALITY)
    return stream.getvalue()
