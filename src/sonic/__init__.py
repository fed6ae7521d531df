"""Sonic: one portrait and one voice recording in, a talking video out.

    model = sonic.load_model("sonic-base")
    video = model.generate(audio="speech.wav", image="portrait.jpg")
    video.export("talk.mp4")

Names are loaded when they are first used, so that `import sonic` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sonic.client import Client
    from sonic.config import GenerateConfig
    from sonic.errors import (
        AudioError,
        AudioTooLongError,
        AudioTooShortError,
        Cancelled,
        CertificateError,
        ConfigError,
        DependencyError,
        DiskSpaceError,
        ExportError,
        FaceCutError,
        FaceIndexError,
        FacePointsError,
        FaceTooSmallError,
        FileGoneError,
        IdempotencyError,
        ImageError,
        ImageTooLargeError,
        InputError,
        JobNotFoundError,
        KeyNotFoundError,
        ManifestError,
        MemoryLimitError,
        ModelNotFoundError,
        MouthCoveredError,
        NoAudioTrackError,
        NoFaceError,
        OutputExistsError,
        OutputPathError,
        ProfileError,
        QueueFullError,
        QuotaError,
        RateLimitError,
        ServiceError,
        SilentAudioError,
        SonicError,
        SpeakerError,
        StorageError,
        TimeLimitError,
        UnauthorizedError,
        VideoError,
        WeightsError,
        WorkerLostError,
    )
    from sonic.hearing import AudioReport, inspect_audio
    from sonic.hub import available_models
    from sonic.marks.credentials import Signer
    from sonic.marks.verify import Verification, verify
    from sonic.media.metadata import read_metadata
    from sonic.model import Model, load_model
    from sonic.progress import Progress
    from sonic.video import Video

__version__ = "0.1.0"

__all__ = [
    "AudioError",
    "AudioReport",
    "AudioTooLongError",
    "AudioTooShortError",
    "Cancelled",
    "CertificateError",
    "Client",
    "ConfigError",
    "DependencyError",
    "DiskSpaceError",
    "ExportError",
    "FaceCutError",
    "FaceIndexError",
    "FacePointsError",
    "FaceTooSmallError",
    "FileGoneError",
    "GenerateConfig",
    "IdempotencyError",
    "ImageError",
    "ImageTooLargeError",
    "InputError",
    "JobNotFoundError",
    "KeyNotFoundError",
    "ManifestError",
    "MemoryLimitError",
    "Model",
    "ModelNotFoundError",
    "MouthCoveredError",
    "NoAudioTrackError",
    "NoFaceError",
    "OutputExistsError",
    "OutputPathError",
    "ProfileError",
    "Progress",
    "QueueFullError",
    "QuotaError",
    "RateLimitError",
    "ServiceError",
    "Signer",
    "SilentAudioError",
    "SonicError",
    "SpeakerError",
    "StorageError",
    "TimeLimitError",
    "UnauthorizedError",
    "Verification",
    "Video",
    "VideoError",
    "WeightsError",
    "WorkerLostError",
    "__version__",
    "available_models",
    "inspect_audio",
    "load_model",
    "read_metadata",
    "verify",
]

_HOMES = {
    "AudioReport": "sonic.hearing",
    "Client": "sonic.client",
    "GenerateConfig": "sonic.config",
    "Model": "sonic.model",
    "Progress": "sonic.progress",
    "Signer": "sonic.marks.credentials",
    "Verification": "sonic.marks.verify",
    "Video": "sonic.video",
    "available_models": "sonic.hub",
    "inspect_audio": "sonic.hearing",
    "load_model": "sonic.model",
    "read_metadata": "sonic.media.metadata",
    "verify": "sonic.marks.verify",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'sonic' has no attribute '{name}'")
    return getattr(import_module(_HOMES.get(name, "sonic.errors")), name)


def __dir__() -> list[str]:
    return __all__
