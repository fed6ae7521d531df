"""One try at a job: what the thread that makes the video and the thread that reports on it share."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sonic.service.queue import Verdict

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from sonic.progress import Progress
    from sonic.service.jobs import Job


class Stopped(Exception):  # noqa: N818 - a request, not a fault, and never seen outside of the worker
    """Raised in the midst of the work because somebody wants it to end; `verdict` says why."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(f"the work was stopped: {verdict.value}")
        self.verdict = verdict


class Attempt:
    """Passed as `on_progress` and `on_frame`, it keeps the latest of both and ends the work when told to.

    Attributes:
        job: the job.
        began: when the try began, `time.monotonic()`.
        progress, frame: the latest, None at first; written by one thread and read by another.
        verdict: `Verdict.GO_ON`, or why the work shall end.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.began = time.monotonic()
        self.progress: Progress | None = None
        self.frame: npt.NDArray[np.uint8] | None = None
        self.verdict = Verdict.GO_ON

    def on_progress(self, progress: Progress) -> None:
        """Remember how far the work is; raises Stopped when it shall end."""
        self.progress = progress
        if self.verdict is not Verdict.GO_ON:
            raise Stopped(self.verdict)

    def on_frame(self, frame: npt.NDArray[np.uint8]) -> None:
        """Remember the frame that was drawn, uint8 RGB `[H, W, 3]`."""
        self.frame = frame

    def end(self, verdict: Verdict) -> None:
        """End the work for this reason; the first one counts."""
        if self.verdict is Verdict.GO_ON:
            self.verdict = verdict


def describe(progress: Progress) -> dict[str, Any]:
    """Progress as it is kept with a job: stage, units done and in all, seconds it will take yet."""
    left = progress.eta if progress.stage == "frames" else None
    return {
        "stage": progress.stage,
        "done": progress.done,
        "total": progress.total,
        "seconds_left": None if left is None else round(left, 1),
    }
