"""Everything that can go wrong, as one tree of exceptions with stable codes.

    SonicError                      error               exit 1
    |- InputError                   input               exit 2: the caller can fix it
    |  |- ConfigError               config              unknown option, wrong type, out of range
    |  |- ImageError                image               not a picture, truncated, too small
    |  |  |- ImageTooLargeError     image_too_large     more pixels than we are willing to decode
    |  |  |- NoFaceError            no_face
    |  |  |- FaceTooSmallError      face_too_small
    |  |  |- FaceCutError           face_cut            the picture's border cuts the face
    |  |  |- ProfileError           profile             turned too far to the side
    |  |  |- FaceIndexError         face_index          fewer faces than asked for
    |  |  |- MouthCoveredError      mouth_covered       a mask is over the mouth
    |  |  `- FacePointsError        face_points         points placed by hand that make no face
    |  |- AudioError                audio               not a recording, empty, corrupt
    |  |  |- NoAudioTrackError      no_audio_track
    |  |  |- AudioTooShortError     audio_too_short
    |  |  |- AudioTooLongError      audio_too_long      longer than the service takes
    |  |  |- SilentAudioError       silent_audio
    |  |  `- SpeakerError           speaker             fewer voices than asked for
    |  |- VideoError                video               a reference video that cannot be used
    |  |- CertificateError          certificate         nothing that videos can be signed with
    |  |- ManifestError             manifest            a list of a batch that cannot be read
    |  |- OutputPathError           output_path         unknown suffix, missing or unwritable folder
    |  |- OutputExistsError         output_exists
    |  |- DiskSpaceError            disk_space
    |  |- JobNotFoundError          job_not_found       the service has no such job, or not any more
    |  |- IdempotencyError          idempotency         the same key came with another request
    |  |- KeyNotFoundError          key_not_found       no API key has this id
    |  |- UnauthorizedError         unauthorized        no token, or an unknown or revoked one
    |  `- RateLimitError            rate_limited        too many requests in a short time
    |     |- QuotaError             quota               the key has used up its videos of the day
    |     `- QueueFullError         queue_full          too many jobs are waiting
    |- ModelNotFoundError           model_not_found     exit 3: the installation lacks something
    |- WeightsError                 weights             exit 3
    |- DependencyError              dependency          exit 3
    |- ExportError                  export              exit 1: the encoder failed
    |- StorageError                 storage             exit 1: the service's database or files fail
    |  `- FileGoneError             file_gone           the storage does not have the file any more
    |- MemoryLimitError             memory_limit        exit 1: a job needed more memory than it may have
    |- TimeLimitError               time_limit          exit 1: a job took longer than it may
    |- WorkerLostError              worker_lost         exit 1: the process died each time it tried the job
    |- ServiceError                 service             exit 1: the service refuses; has a code of its own
    `- Cancelled                    cancelled           exit 130

Messages are one sentence that names the value, the limit and the remedy. The codes never change between
releases; `docs/troubleshooting.md` explains each of them.
"""

from __future__ import annotations


class SonicError(Exception):
    """Base of every error that Sonic raises on purpose; `code` is stable, `exit_code` is the command's."""

    code: str = "error"
    exit_code: int = 1


class InputError(SonicError):
    """Something that was handed in cannot be used; the message says how to fix it."""

    code = "input"
    exit_code = 2


class ConfigError(InputError):
    """An option is unknown, of the wrong type or outside its allowed range."""

    code = "config"


class ImageError(InputError):
    """The portrait cannot be read as a picture."""

    code = "image"


class ImageTooLargeError(ImageError):
    """The portrait has more pixels than Sonic decodes."""

    code = "image_too_large"


class NoFaceError(ImageError):
    """No face was found in the portrait."""

    code = "no_face"


class FaceTooSmallError(ImageError):
    """The face has too few pixels to be animated."""

    code = "face_too_small"


class FaceCutError(ImageError):
    """The border of the picture cuts through the face."""

    code = "face_cut"


class ProfileError(ImageError):
    """The head is turned too far to the side."""

    code = "profile"


class FaceIndexError(ImageError):
    """`face_index` asks for a face that the picture does not have."""

    code = "face_index"


class MouthCoveredError(ImageError):
    """A mask covers the mouth that would have to speak."""

    code = "mouth_covered"


class FacePointsError(ImageError):
    """The points placed by hand are incomplete, unknown or not numbers."""

    code = "face_points"


class AudioError(InputError):
    """The voice recording cannot be decoded."""

    code = "audio"


class NoAudioTrackError(AudioError):
    """The file has no sound in it."""

    code = "no_audio_track"


class AudioTooShortError(AudioError):
    """The recording is too short to hold speech."""

    code = "audio_too_short"


class AudioTooLongError(AudioError):
    """The recording is longer than the service takes."""

    code = "audio_too_long"


class SilentAudioError(AudioError):
    """The recording holds nothing but silence."""

    code = "silent_audio"


class SpeakerError(AudioError):
    """`speaker` asks for a voice that the recording does not have."""

    code = "speaker"


class VideoError(InputError):
    """The reference video cannot be used."""

    code = "video"


class CertificateError(InputError):
    """The certificate or its key cannot sign a video."""

    code = "certificate"


class ManifestError(InputError):
    """The list or folder of a batch cannot be understood."""

    code = "manifest"


class OutputPathError(InputError):
    """The output cannot be written where or as what it was asked for."""

    code = "output_path"


class OutputExistsError(InputError):
    """The output is already there and may not be replaced."""

    code = "output_exists"


class DiskSpaceError(InputError):
    """The disk has no room for the output."""

    code = "disk_space"


class JobNotFoundError(InputError):
    """The service has no job of this id; it may have expired."""

    code = "job_not_found"


class IdempotencyError(InputError):
    """An idempotency key was used before, for another request."""

    code = "idempotency"


class KeyNotFoundError(InputError):
    """No API key has this id."""

    code = "key_not_found"


class UnauthorizedError(InputError):
    """The request has no token, or one that is unknown or revoked."""

    code = "unauthorized"


class RateLimitError(InputError):
    """A key made too many requests; `retry_after` seconds from now there is room again."""

    code = "rate_limited"

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class QuotaError(RateLimitError):
    """A key has asked for all the videos that it may have in a day."""

    code = "quota"


class QueueFullError(RateLimitError):
    """More jobs are waiting than the service lets wait."""

    code = "queue_full"


class ModelNotFoundError(SonicError):
    """No model goes by this name, and no folder either."""

    code = "model_not_found"
    exit_code = 3


class WeightsError(SonicError):
    """A model folder is incomplete, damaged or of another format version."""

    code = "weights"
    exit_code = 3


class DependencyError(SonicError):
    """An optional package is missing; the message names the install command."""

    code = "dependency"
    exit_code = 3


class ExportError(SonicError):
    """The encoder failed while writing the video."""

    code = "export"


class StorageError(SonicError):
    """The service's database or file storage cannot be reached or read."""

    code = "storage"


class FileGoneError(StorageError):
    """The storage does not have the file; it may have expired."""

    code = "file_gone"


class MemoryLimitError(SonicError):
    """A job needed more memory than a worker may use."""

    code = "memory_limit"


class TimeLimitError(SonicError):
    """A job took longer than a worker may work on it."""

    code = "time_limit"


class WorkerLostError(SonicError):
    """The process that worked on a job died, as often as it was tried."""

    code = "worker_lost"


class ServiceError(SonicError):
    """The service refuses a request, or a job has failed there; both ends raise the same.

    Attributes:
        code: one of the stable codes in `docs/service.md`.
        status: the HTTP status that answers it; None where the connection itself failed.
        retry_after: seconds after which it may work; None where waiting does not help.
    """

    code = "service"

    def __init__(
        self,
        message: str,
        *,
        code: str = "service",
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.retry_after = retry_after


class Cancelled(SonicError):  # noqa: N818 - a request, not a fault
    """Raise this in `on_progress` to stop; nothing half-written is left behind."""

    code = "cancelled"
    exit_code = 130
