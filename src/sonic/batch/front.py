"""One call for a whole batch: what `sonic batch` does, for programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonic.batch.folder import read_folder
from sonic.batch.items import FORMATS, shard
from sonic.batch.maker import Equipment
from sonic.batch.manifest import LISTS, read_manifest
from sonic.batch.processes import ProcessCrew
from sonic.batch.results import Results
from sonic.batch.run import Listeners, Summary, run_batch
from sonic.batch.tasks import Order, plan
from sonic.config import GenerateConfig
from sonic.digests import weights_digest
from sonic.errors import ConfigError, ManifestError, OutputPathError
from sonic.hub import find_model

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from sonic.batch.dispatch import Crew
    from sonic.batch.items import Item


@dataclass(frozen=True)
class Means:
    """How a batch is worked on; none of it changes the videos.

    Attributes:
        workers: processes, each with a model of its own; on Ray actors, and None for as many as it has cores.
        shard: make only part I of N, as (I, N).
        fail_fast: stop at the first video that fails.
        ray: work on a Ray cluster.
        gpus: share of a GPU for each actor on Ray.
        device: "cpu" or "cuda".

    Raises:
        ConfigError: they do not go together.
    """

    workers: int | None = None
    shard: tuple[int, int] | None = None
    fail_fast: bool = False
    ray: bool = False
    gpus: float = 0.0
    device: str | None = None

    def __post_init__(self) -> None:
        if self.gpus and not self.ray:
            raise ConfigError("gpus is for workers on a cluster: add ray, or leave it out.")
        if self.shard is not None and not 1 <= self.shard[0] <= self.shard[1]:
            raise ConfigError(
                f"shard {self.shard} is no part of a whole: give (2, 8) for the second of eight."
            )


def make_batch(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    means: Means | None = None,
    format: str = "mp4",  # noqa: A002 - the word for it
    model: str = "sonic-base",
    listeners: Listeners | None = None,
    **options: Any,
) -> Summary:
    """Make all videos of a list or folder that are not made yet.

    Args:
        source: a `.jsonl` or `.csv` list, or a folder of portraits and recordings.
        output: folder for the videos and `results.jsonl`; made if missing.
        means: how it is worked on; one process if not given.
        format: "mp4", "webm" or "gif", for videos whose names the list does not give.
        model: name or folder of the model.
        listeners: who is told of notes, outcomes and progress.
        options: fields of `GenerateConfig` for all videos; what a list says of one goes before them.

    Raises:
        ConfigError, ManifestError, OutputPathError: options, list or output folder cannot be used.
        ModelNotFoundError, WeightsError, DependencyError: the installation lacks something.
    """
    means, listeners = means or Means(), listeners or Listeners()
    GenerateConfig.build(**options)  # a mistake here is one of all items
    if format not in FORMATS:
        raise ConfigError(f"format is '{format}': choose {', '.join(FORMATS)}.")
    folder = _open_folder(Path(output), Path(source))
    items, notes = read_source(Path(source))
    for note in notes:
        listeners.on_note(note)
    where = find_model(model).absolute()
    order = Order(folder, options, format, weights_digest(where))
    return run_batch(
        plan(shard(items, *(means.shard or (1, 1))), order),
        Results(folder / _results_name(means.shard)),
        lambda: _crew(Equipment(str(where), means.device), means),
        listeners,
        fail_fast=means.fail_fast,
    )


def read_source(source: Path) -> tuple[list[Item], Sequence[str]]:
    """The items of a list or a folder, and sentences about what was left out.

    Raises:
        ManifestError: it is neither, or cannot be understood.
    """
    if source.is_dir():
        return read_folder(source)
    if source.suffix.lower() in LISTS:
        return read_manifest(source), ()
    raise ManifestError(f"'{source}' is no list: give a .jsonl or .csv file, or a folder.")


def _open_folder(output: Path, source: Path) -> Path:
    """The output folder; it may not be the one that is read, whose videos would count as recordings."""
    if source.is_dir() and output.exists() and output.samefile(source):
        raise OutputPathError(f"'{output}' is the folder that is read: choose another for the videos.")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputPathError(
            f"The folder '{output}' cannot be made ({error.strerror}): choose another."
        ) from error
    return output.absolute()


def _results_name(part: tuple[int, int] | None) -> str:
    return "results.jsonl" if part is None else f"results-{part[0]}-of-{part[1]}.jsonl"


def _crew(equipment: Equipment, means: Means) -> Crew:
    if means.ray:
        from sonic.batch.ray import RayCrew

        return RayCrew(equipment, means.workers, gpus=means.gpus)
    return ProcessCrew(equipment, means.workers or 1)
