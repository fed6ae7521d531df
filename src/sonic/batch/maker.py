"""Makes the videos of a batch one after the other, with a model that is loaded once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sonic.batch.outcome import Outcome
from sonic.errors import Cancelled, DependencyError, ModelNotFoundError, WeightsError
from sonic.model import Model, load_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from sonic.batch.tasks import Task
    from sonic.progress import Progress

HOPELESS = (
    DependencyError,
    ModelNotFoundError,
    WeightsError,
)  # no other video of the batch would fare better


@dataclass(frozen=True)
class Equipment:
    """What a worker needs: name or folder of the model, and where its networks run."""

    model: str = "sonic-base"
    device: str | None = None


class Maker:
    """One worker of a batch; `stopped` is asked again and again, and ends the work when it says so."""

    def __init__(self, equipment: Equipment, stopped: Callable[[], bool]) -> None:
        self._equipment = equipment
        self._stopped = stopped

    @cached_property
    def _model(self) -> Model:
        return load_model(self._equipment.model, self._equipment.device)

    def make(self, task: Task) -> Outcome:
        """Make one video; whatever is wrong with it becomes its outcome.

        Raises:
            Cancelled: the batch was stopped.
            DependencyError, ModelNotFoundError, WeightsError: nothing can be made here.
        """
        try:
            return self._make(task)
        except (Cancelled, *HOPELESS):
            raise
        except Exception as error:  # noqa: BLE001 - the edge of the worker: one item must not end the others
            return Outcome.failed(task.item, error, task=task)

    def _make(self, task: Task) -> Outcome:
        started = time.perf_counter()
        item = task.item
        video = self._model.generate(
            audio=item.audio,
            image=item.image,
            config=task.config,
            reference_video=item.reference_video,
            face_points=item.face_points,
            on_progress=self._watch,
        )
        task.target.parent.mkdir(parents=True, exist_ok=True)
        video.export(task.target)
        return Outcome.succeeded(task, video, time.perf_counter() - started)

    def _watch(self, progress: Progress) -> None:  # noqa: ARG002 - the signature of listeners
        if self._stopped():
            raise Cancelled("The batch was stopped: what is finished stays.")
