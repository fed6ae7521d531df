"""What became of one item of a batch, as a line of `results.jsonl` says it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from sonic.errors import SonicError

if TYPE_CHECKING:
    from sonic.batch.items import Item
    from sonic.batch.tasks import Task
    from sonic.video import Video

SUCCEEDED, FAILED = "succeeded", "failed"


@dataclass(frozen=True)
class Outcome:
    """A video that was made, or the reason why not.

    Attributes:
        row: of the item in its list.
        status: "succeeded" or "failed".
        image, audio: the inputs.
        key: digest of all that the video depends on, None where that could not be read.
        output: name inside the output folder, and `output_bytes` its size.
        error: stable `code` and `message`.
        video: frames, fps, duration, config and seconds by stage of a video that was made.
        completed_at: UTC, ISO 8601.
    """

    row: int
    status: str
    image: str
    audio: str
    key: str | None = None
    output: str | None = None
    output_bytes: int | None = None
    error: dict[str, str] | None = None
    warnings: tuple[str, ...] = ()
    video: dict[str, Any] | None = None
    completed_at: str = field(default_factory=lambda: datetime.now(timezone.utc).isoformat())

    @classmethod
    def failed(cls, item: Item, error: BaseException, *, task: Task | None = None) -> Outcome:
        """The outcome of an error; what is no `SonicError` has the code "internal"."""
        ours = isinstance(error, SonicError)
        return cls(
            row=item.row,
            status=FAILED,
            image=str(item.image),
            audio=str(item.audio),
            key=None if task is None else task.key,
            output=None if task is None else task.output,
            error={
                "code": error.code if isinstance(error, SonicError) else "internal",
                "message": str(error) if ours else f"unexpected {type(error).__name__}: {error}",
            },
        )

    @classmethod
    def succeeded(cls, task: Task, video: Video, seconds: float) -> Outcome:
        """The outcome of a task whose `video` was written to its target in `seconds`."""
        return cls(
            row=task.item.row,
            status=SUCCEEDED,
            image=str(task.item.image),
            audio=str(task.item.audio),
            key=task.key,
            output=task.output,
            output_bytes=task.target.stat().st_size,
            warnings=video.warnings,
            video={
                "frames": video.frame_count,
                "fps": video.fps,
                "duration": video.duration,
                "model": video.model,
                "config": video.config.to_dict(),
                "seconds": round(seconds, 3),
                "timings": {stage: round(spent, 3) for stage, spent in video.timings.items()},
            },
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything that is known, ready for JSON."""
        return {name: value for name, value in asdict(self).items() if value is not None}
