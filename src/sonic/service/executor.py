"""Where the videos of a service are made: in processes of this machine, or on a Ray cluster."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from sonic.errors import DependencyError
from sonic.service.supervisor import Supervisor

if TYPE_CHECKING:
    from sonic.service.settings import ServiceSettings


class Executor(Protocol):
    """Makes the videos of the job table; `Supervisor` is one."""

    def start(self) -> None:
        """Begin, and return."""

    def stop(self) -> None:
        """End within `settings.drain` seconds; what is not finished goes back to the queue."""


class Together:
    """Several executors as one; the first is started first and stopped last."""

    def __init__(self, *parts: Executor) -> None:
        self._parts = parts

    def start(self) -> None:
        """Start all."""
        for part in self._parts:
            part.start()

    def stop(self) -> None:
        """Stop all."""
        for part in reversed(self._parts):
            part.stop()


def open_executor(settings: ServiceSettings, *, ray: bool = False) -> Executor:
    """`settings.workers` processes here, or replicas on Ray, for which this machine only tidies up.

    Raises:
        DependencyError: Ray is asked for and not installed.
    """
    if not ray:
        return Supervisor(settings)
    try:
        from sonic.service.ray import RayExecutor
    except ImportError as error:
        raise DependencyError(
            "--ray needs Ray Serve: pip install 'sonic-portrait[scale]' brings it."
        ) from error
    return Together(Supervisor(replace(settings, workers=0)), RayExecutor(settings))
