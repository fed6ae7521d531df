"""The process of one worker, as the supervisor starts it: `python -m sonic.service.process NAME`."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from sonic.errors import SonicError
from sonic.service.logs import show_log
from sonic.service.settings import ServiceSettings
from sonic.service.worker import Worker

if TYPE_CHECKING:
    from types import FrameType

NICE = 5  # behind the server, which must answer while workers take all cores
STUCK = 70  # exit code of a worker that ended itself because a job could not be stopped


def main(name: str) -> None:
    """Work until standard input closes, as it also does when the supervisor dies; the job is finished then.

    SIGTERM hands the job back. Ctrl-C reaches the whole terminal; the supervisor decides what it means.
    """
    worker = Worker(ServiceSettings.read(), name=name, kill=lambda: os._exit(STUCK))

    def terminate(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of handlers
        worker.stop()

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, terminate)
    threading.Thread(target=_wait_for_end, args=(worker,), name="sonic-parent", daemon=True).start()
    worker.run()


def _wait_for_end(worker: Worker) -> None:
    while os.read(0, 1024):
        pass
    worker.drain()


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(NICE)
    show_log()
    try:
        main(sys.argv[1])
    except SonicError as error:
        logging.getLogger(__name__).critical("worker %s cannot work: %s", sys.argv[1], error)
        sys.exit(error.exit_code)
