"""Makes the video of a job: inputs from the storage, output into it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sonic
from sonic.config import GenerateConfig
from sonic.service.jobs import MEDIA_TYPES, Outcome
from sonic.service.memory import limited_memory
from sonic.service.trash import store_file

if TYPE_CHECKING:
    from pathlib import Path

    from sonic.marks.credentials import Signer
    from sonic.model import Model
    from sonic.service.attempt import Attempt
    from sonic.service.blobs import BlobStore
    from sonic.service.database import Database
    from sonic.service.settings import ServiceSettings
    from sonic.video import Video

SIGNED = ("mp4", "gif")  # formats that can carry Content Credentials


@dataclass(frozen=True)
class Terms:
    """How every video is made: who signs it, if anybody does, and the megabytes it may take, 0 for any."""

    signer: Signer | None = None
    memory: int = 0


def terms_of(settings: ServiceSettings, *, limited: bool) -> Terms:
    """What the settings say; memory is limited only if asked for."""
    certificate, key = settings.certificate, settings.certificate_key
    signer = None if certificate is None or key is None else sonic.Signer(certificate, key)
    return Terms(signer, settings.memory_limit if limited else 0)


def make(
    model: Model,
    database: Database,
    blobs: BlobStore,
    attempt: Attempt,
    folder: Path,
    terms: Terms,
) -> Outcome:
    """Make and store the video, in an empty `folder` that is the caller's to remove.

    Raises:
        SonicError: what `Model.generate` and `Video.export` raise; StorageError; what `attempt` raises.
    """
    job = attempt.job
    began = time.monotonic()
    audio = blobs.save(job.audio, folder / "recording")
    image = blobs.save(job.image, folder / "portrait")
    path = folder / f"video.{job.format}"
    with limited_memory(terms.memory):
        video = model.generate(
            audio=audio,
            image=image,
            config=GenerateConfig.build(**job.config),
            face_points=job.face_points,
            on_progress=attempt.on_progress,
        )
        sign = terms.signer if job.format in SIGNED else None
        video.export(path, on_frame=attempt.on_frame, sign=sign)
    blob = store_file(database, blobs, path)
    return Outcome(
        output=blob.key,
        output_bytes=blob.size,
        media_type=MEDIA_TYPES[job.format],
        warnings=video.warnings,
        metrics=_metrics(video, time.monotonic() - began),
    )


def _metrics(video: Video, seconds: float) -> dict[str, Any]:
    width, height = video.size
    return {
        "seconds": {stage: round(spent, 3) for stage, spent in video.timings.items()},
        "total_seconds": round(seconds, 3),
        "frames": video.frame_count,
        "fps": video.fps,
        "duration": round(video.duration, 3),
        "width": width,
        "height": height,
    }
