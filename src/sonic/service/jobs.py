"""What a job is: its states, what it is made from, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

QUEUED = "queued"
RUNNING = "running"
SUCCEEDED = "succeeded"
FAILED = "failed"
CANCELED = "canceled"
STATES = (QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELED)
FINAL = (SUCCEEDED, FAILED, CANCELED)

MEDIA_TYPES = {"mp4": "video/mp4", "webm": "video/webm", "gif": "image/gif"}
EVENT_KINDS = ("start", "progress", "preview", "log", "completed")
WEBHOOK_EVENTS = ("start", "completed")  # what a webhook can be told of


@dataclass(frozen=True)
class NewJob:
    """A request that has passed all checks.

    Attributes:
        image, audio: blob keys of the inputs (sha256, 64 hexadecimal digits).
        config: a complete `GenerateConfig.to_dict()`, with the seed drawn.
        format: one of `MEDIA_TYPES`.
        cache_key: `sonic.digests.request_digest` of it all.
        face_points: names to `[x, y]`, as for `Model.generate`.
        owner: id of the API key that asked, None for the machine's own user.
        consent: `{"statement": ..., "by": ...}`; the store adds when, and the hashes of the inputs.
        webhook: address that is told of `webhook_events`.
    """

    image: str
    audio: str
    config: dict[str, Any]
    cache_key: str
    format: str = "mp4"
    face_points: dict[str, Any] | None = None
    owner: str | None = None
    consent: dict[str, Any] | None = None
    webhook: str | None = None
    webhook_events: tuple[str, ...] = ("completed",)


@dataclass(frozen=True)
class Job:
    """A job as it stands; times are UTC.

    Attributes:
        progress: `{"stage", "done", "total", "seconds_left"}` of the stage at work, None before the first.
        output: blob key of the video, None until it is complete; `output_bytes` is its size.
        error: `{"code", "message"}` of a failed job.
        metrics: seconds by stage, `frames`, `fps`, and `cached` where another job's video was taken.
        attempts: how often a worker has begun it.
        kept_for: seconds from its end to its deletion, None for ever.
        expires_at: when the job and its files are deleted.
        last_event: sequence number of its latest event.
    """

    id: str
    state: str
    owner: str | None
    created_at: datetime
    available_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    kept_for: float | None
    expires_at: datetime | None
    image: str
    audio: str
    face_points: dict[str, Any] | None
    config: dict[str, Any]
    format: str
    progress: dict[str, Any] | None
    output: str | None
    output_bytes: int | None
    media_type: str | None
    warnings: list[str]
    error: dict[str, str] | None
    metrics: dict[str, Any] | None
    attempts: int
    cancel_requested: bool
    cache_key: str
    webhook: str | None
    webhook_events: list[str]
    consent: dict[str, Any] | None
    lease_owner: str | None
    lease_expires_at: datetime | None
    last_event: int

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINAL


@dataclass(frozen=True)
class Outcome:
    """What a worker made: the video's blob and what there is to say about it."""

    output: str
    output_bytes: int
    media_type: str
    warnings: tuple[str, ...] = ()
    metrics: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class JobEvent:
    """One line of a job's story: `sequence` counts from 1 without gaps, old ones are dropped."""

    sequence: int
    at: datetime
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Limits:
    """What a new job must fit into: how many may wait in all, and how many its owner may ask for in a day."""

    queue: int | None = None
    jobs_per_day: int | None = None
