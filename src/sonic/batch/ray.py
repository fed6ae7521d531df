"""Workers of a batch that are actors on a Ray cluster."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

from sonic.batch.dispatch import Lost
from sonic.batch.maker import Equipment, Maker
from sonic.batch.processes import answer
from sonic.cluster import join_cluster
from sonic.errors import SonicError

if TYPE_CHECKING:
    from collections.abc import Collection

    from sonic.batch.dispatch import Worker
    from sonic.batch.outcome import Outcome
    from sonic.batch.tasks import Task

_PATIENCE = 60.0  # seconds in which a stopped actor reaches its next frame


class RayCrew:
    """Hires actors, each with a core and a model of its own.

    All machines of the cluster must see the inputs and the output folder under the same names.

    Args:
        equipment: as for processes; on "cuda" each actor takes `gpus` of a GPU.
        size: how many; as many as the cluster has cores if not given.
        gpus: share of a GPU for each actor, 0 for none.

    Raises:
        DependencyError: Ray is not installed.
    """

    def __init__(self, equipment: Equipment, size: int | None = None, *, gpus: float = 0.0) -> None:
        self._ray = join_cluster()
        self.size = size or max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        self._equipment = equipment
        # Two calls at once: the second one is `stop`.
        self._hiring = self._ray.remote(num_cpus=1, num_gpus=gpus, max_concurrency=2)(_Actor)

    def hire(self) -> RayWorker:
        """Ask for one more actor; Ray starts it where there is room."""
        return RayWorker(self._ray, self._hiring.remote(self._equipment))

    def first(self, workers: Collection[Worker]) -> Worker:
        """The first of `workers` whose call has ended."""
        calls = {cast("RayWorker", worker).call: worker for worker in workers}
        ready, _ = self._ray.wait(list(calls))
        return calls[ready[0]]


class RayWorker:
    """An actor and its present call."""

    def __init__(self, ray: Any, actor: Any) -> None:
        self._ray = ray
        self._actor = actor
        self.call: Any = None

    def give(self, task: Task) -> None:
        """Call the actor with a task."""
        self.call = self._actor.make.remote(task)

    def take(self) -> Outcome:
        """What came of the task."""
        try:
            answered = self._ray.get(self.call)
        except self._ray.exceptions.RayActorError as error:
            raise Lost(str(error).partition("\n")[0]) from error
        if isinstance(answered, SonicError):
            raise answered
        return cast("Outcome", answered)

    def stop(self) -> None:
        """Tell the actor to stop."""
        self._actor.stop.remote()

    def leave(self) -> None:
        """Wait for the end of the call, and end the actor."""
        if self.call is not None:
            self._ray.wait([self.call], timeout=_PATIENCE)
        self._ray.kill(self._actor)


class _Actor:
    """A maker that can be told to stop from afar."""

    def __init__(self, equipment: Equipment) -> None:
        self._stopped = threading.Event()
        self._maker = Maker(equipment, self._stopped.is_set)

    def make(self, task: Task) -> Outcome | SonicError:
        return answer(self._maker, task)

    def stop(self) -> None:
        self._stopped.set()
