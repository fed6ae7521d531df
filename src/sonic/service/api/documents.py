"""The JSON that the API speaks: what a job, a list and a problem look like to those who ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from sonic.service.api.config_schema import config_schema
from sonic.service.jobs import MEDIA_TYPES, STATES, WEBHOOK_EVENTS

if TYPE_CHECKING:
    from datetime import datetime

    from sonic.service.jobs import Job

State = Literal["queued", "running", "succeeded", "failed", "canceled"]
Format = Literal["mp4", "webm", "gif"]
WebhookEvent = Literal["start", "completed"]
Config = Annotated[dict[str, Any], WithJsonSchema(config_schema())]
Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
PlacedPoints = Annotated[
    dict[str, tuple[float, float]] | None,
    Field(description="Where the face is, placed by hand: names to [x, y] in pixels.", max_length=100),
]
Digest = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"})]

assert set(STATES) == set(State.__args__)  # type: ignore[attr-defined]
assert set(MEDIA_TYPES) == set(Format.__args__)  # type: ignore[attr-defined]
assert set(WEBHOOK_EVENTS) == set(WebhookEvent.__args__)  # type: ignore[attr-defined]


_HERE = "/v1/videos/vid_01m83rfr9g6ss1k0djw42f9q0f"
_LINKS = ("events", "content", "preview", "thumbnail", "cancel")
EXAMPLE: dict[str, Any] = {
    "id": _HERE.rpartition("/")[2],
    "object": "video",
    "status": "running",
    "progress": {"stage": "frames", "done": 12, "total": 160, "seconds_left": 5.2},
    "created_at": "2026-11-23T08:31:15.267Z",
    "started_at": "2026-11-23T08:31:15.487Z",
    "completed_at": None,
    "expires_at": None,
    "input": {
        "image": "f5724aea6d926c89b191192877e8d879de8d5be509645935dbf684f6278fe275",
        "audio": "d4eee6543015097fa54089e4c44906ef4eb0615bb0703924c0ed73babe49a952",
        "config": {"preset": "preview", "seed": 7},
        "format": "mp4",
        "face_points": None,
    },
    "output": None,
    "error": None,
    "warnings": [],
    "metrics": None,
    "attempts": 1,
    "consent": None,
    "urls": {"self": _HERE, **{name: f"{_HERE}/{name}" for name in _LINKS}},
}


class Consent(BaseModel):
    """Who says that the person in the portrait agrees, and in which words; kept with the job."""

    model_config = ConfigDict(extra="forbid")

    statement: Annotated[str, Field(min_length=1, max_length=2000)]
    by: Annotated[str, Field(min_length=1, max_length=200)]


class InspectRequest(BaseModel):
    """What is to be known about a portrait besides its file."""

    model_config = ConfigDict(extra="forbid")

    config: Config = {}
    face_points: PlacedPoints = None


class VideoRequest(BaseModel):
    """Everything about a wanted video but its two files."""

    model_config = ConfigDict(extra="forbid")

    config: Config = {}
    format: Format = "mp4"
    face_points: PlacedPoints = None
    consent: Consent | None = None
    webhook: Annotated[
        str | None, Field(max_length=2000, description="Address that is told of `webhook_events`.")
    ] = None
    webhook_events: Annotated[list[WebhookEvent], Field(max_length=2)] = ["completed"]


class LinkedVideoRequest(VideoRequest):
    """A wanted video whose files are fetched from web addresses, where the operator allows that."""

    image_url: Annotated[str, Field(max_length=2000)]
    audio_url: Annotated[str, Field(max_length=2000)]


class Progress(BaseModel):
    """How far the stage at work has come; frames are those of the stage `frames`."""

    stage: str
    done: int
    total: int
    seconds_left: float | None


class VideoInput(BaseModel):
    """What a video is made from: SHA-256 of the files, every option, and the kind of file wanted."""

    image: Digest
    audio: Digest
    config: dict[str, Any]
    format: Format
    face_points: dict[str, Any] | None


class VideoOutput(BaseModel):
    """The finished file."""

    url: str
    bytes: int
    media_type: str


class Failure(BaseModel):
    """Why a job failed: a stable code and a sentence."""

    code: str
    message: str


class Links(BaseModel):
    """Where to go from here, relative to the server."""

    self: str
    events: str
    content: str
    preview: str
    thumbnail: str
    cancel: str


class Video(BaseModel):
    """A job: the video that it makes, and how far it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    object: Literal["video"]
    status: State
    progress: Progress | None
    created_at: Moment
    started_at: Moment | None
    completed_at: Moment | None
    expires_at: Moment | None
    input: VideoInput
    output: VideoOutput | None
    error: Failure | None
    warnings: list[str]
    metrics: dict[str, Any] | None
    attempts: int
    consent: dict[str, Any] | None
    urls: Links


class VideoList(BaseModel):
    """A page of jobs, the newest first; `after=next` gives the page behind it."""

    object: Literal["list"]
    data: list[Video]
    has_more: bool
    next: str | None


class Inspection(BaseModel):
    """The report on a portrait or a recording; docs/portraits.md and docs/sound.md explain the members."""

    model_config = ConfigDict(extra="allow")

    object: Literal["inspection"]
    kind: Literal["image", "audio"]


class OptionEntry(BaseModel):
    """One option of a video."""

    model_config = ConfigDict(extra="allow")

    name: str
    kind: Literal["bool", "int", "float", "str"]
    help: str
    effect: str
    unit: str
    default: Any
    optional: bool
    choices: list[str]
    minimum: float | None
    maximum: float | None
    recommended: tuple[float, float] | None


class OptionList(BaseModel):
    """Every option of a video."""

    object: Literal["list"]
    options: list[OptionEntry]


class ModelEntry(BaseModel):
    """An installed model."""

    id: str
    description: str


class ModelList(BaseModel):
    """The installed models, and which of them the workers use."""

    object: Literal["list"]
    data: list[ModelEntry]
    default: str


class SampleEntry(BaseModel):
    """A file to begin with."""

    id: str
    kind: Literal["image", "audio"]
    name: str
    media_type: str
    url: str


class SampleList(BaseModel):
    """Files to begin with."""

    object: Literal["list"]
    data: list[SampleEntry]


class Readiness(BaseModel):
    """Whether jobs are taken and worked on: `ready`, or what is missing."""

    status: Literal["ready", "starting", "no_workers"]
    workers: int
    queued: int


class ProblemDocument(BaseModel):
    """A failure (RFC 9457); `code` is stable."""

    type: str
    title: str
    status: int
    detail: str
    code: str


def video_document(job: Job) -> dict[str, Any]:
    """A job as `Video` describes it, ready for JSON."""
    here = f"/v1/videos/{job.id}"
    return {
        "id": job.id,
        "object": "video",
        "status": job.state,
        "progress": job.progress,
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at),
        "completed_at": moment(job.completed_at),
        "expires_at": moment(job.expires_at),
        "input": {
            "image": job.image,
            "audio": job.audio,
            "config": job.config,
            "format": job.format,
            "face_points": job.face_points,
        },
        "output": _output(job, here),
        "error": job.error,
        "warnings": job.warnings,
        "metrics": job.metrics,
        "attempts": job.attempts,
        "consent": job.consent,
        "urls": {
            "self": here,
            **{name: f"{here}/{name}" for name in _LINKS},
        },
    }


def moment(time: datetime | None) -> str | None:
    """A time as RFC 3339 writes it, to the millisecond."""
    return None if time is None else time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _output(job: Job, here: str) -> dict[str, Any] | None:
    if job.output is None:
        return None
    return {"url": f"{here}/content", "bytes": job.output_bytes, "media_type": job.media_type}
