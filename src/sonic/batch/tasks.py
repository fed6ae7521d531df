"""Turns items into tasks: options put together, inputs hashed, outputs named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from sonic.batch.items import FORMATS
from sonic.batch.outcome import Outcome
from sonic.config import GenerateConfig
from sonic.digests import request_digest
from sonic.errors import AudioError, ImageError, InputError, ManifestError, VideoError
from sonic.face.points import FacePoints
from sonic.media.digest import file_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sonic.batch.items import Item

    FileDigest = Callable[[Path], str]

_NAME_LENGTH = 60  # characters of an input's name in that of its video; file systems allow 255 in all
_KEY_LENGTH = 10  # hexadecimal digits of the key in a name


@dataclass(frozen=True)
class Order:
    """What all videos of a batch have in common.

    Attributes:
        folder: where videos go.
        options: fields of `GenerateConfig`; what an item says goes before them.
        format: one of `FORMATS`, for videos whose names the list does not give.
        weights: `sonic.digests.weights_digest` of the model.
    """

    folder: Path
    options: dict[str, Any]
    format: str
    weights: str


@dataclass(frozen=True)
class Task:
    """One video to make: `key` is the digest of all that it depends on, and `target` where it goes."""

    item: Item
    config: GenerateConfig
    key: str
    target: Path
    output: str


@dataclass(frozen=True)
class Plan:
    """Tasks without twins, in the order of their items, and what became of items that no task fits."""

    tasks: tuple[Task, ...]
    refused: tuple[Outcome, ...]

    @property
    def total(self) -> int:
        """How many videos were asked for, twins counted once."""
        return len(self.tasks) + len(self.refused)


def plan(items: Iterable[Item], order: Order) -> Plan:
    """Hash and name everything; items with missing files or wrong options are refused one by one.

    Raises:
        ManifestError: two different videos would have the same name.
    """
    digest = lru_cache(maxsize=None)(file_digest)
    tasks: dict[Path, Task] = {}
    refused = []
    for item in items:
        try:
            task = _task(item, order, digest)
        except InputError as error:
            refused.append(Outcome.failed(item, error))
            continue
        other = tasks.setdefault(task.target, task)
        if other.key != task.key:
            raise ManifestError(
                f"Rows {other.item.row} and {item.row} would both write '{task.output}': "
                "give them different outputs."
            )
    return Plan(tuple(tasks.values()), tuple(refused))


def _task(item: Item, order: Order, digest: FileDigest) -> Task:
    config = GenerateConfig.build(**order.options | item.options)
    output = None if item.output is None else _named(item.output, order.format)
    suffix = order.format if output is None else output.suffix[1:].lower()
    key = _key(item, config, suffix, order.weights, digest)
    if config.seed is None:  # of the content, so that whoever makes the video again gets the same one
        config = replace(config, seed=int(key[:8], 16))
    name = f"{_stem(item)}-{key[:_KEY_LENGTH]}.{suffix}" if output is None else str(output)
    return Task(item, config, key, order.folder / name, name)


def _key(item: Item, config: GenerateConfig, suffix: str, weights: str, digest: FileDigest) -> str:
    points = None if item.face_points is None else FacePoints.read(item.face_points)
    reference = None
    if item.reference_video is not None:
        reference = _content(item.reference_video, digest, VideoError, "reference video")
    return request_digest(
        image=_content(item.image, digest, ImageError, "portrait"),
        audio=_content(item.audio, digest, AudioError, "recording"),
        config=config.to_dict(),
        weights=weights,
        format=suffix,
        face_points=None if points is None else points.places,
        reference_video=reference,
    )


def _content(path: Path, digest: FileDigest, error: type[InputError], noun: str) -> str:
    try:
        return digest(path)
    except OSError as reason:
        raise error(f"The {noun} '{path}' cannot be read ({reason.strerror}): check the path.") from reason


def _named(output: str, format: str) -> PurePosixPath:  # noqa: A002 - the word for it
    path = PurePosixPath(Path(output).as_posix())
    if not path.suffix:
        path = path.with_name(f"{path.name}.{format}")
    if Path(output).is_absolute() or ".." in path.parts:
        raise ManifestError(f"The output '{output}' leaves the output folder: give a name inside of it.")
    if path.suffix[1:].lower() not in FORMATS:
        raise ManifestError(f"The output '{output}' is of an unknown kind: use .{', .'.join(FORMATS)}.")
    return path


def _stem(item: Item) -> str:
    image, audio = (path.stem[:_NAME_LENGTH] for path in (item.image, item.audio))
    return image if image == audio else f"{image}-{audio}"
