"""Orders videos from a Sonic service: `sonic.Client(url, token).generate(...)`."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from sonic.errors import InputError
from sonic.remote.connection import Connection
from sonic.remote.video import RemoteVideo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from typing_extensions import Self

    from sonic.config import GenerateConfig
    from sonic.media.source import FileInput


class Client:
    """A connection to a service; usable as a context manager, and by several threads.

    What the service refuses is raised as the error that the SDK would raise, such as `NoFaceError`; what only
    a service refuses as `ServiceError`, whose `code` says what it is.

    Args:
        url: where the service is.
        token: a token of `sonic keys create`; a service on this machine usually needs none.
        timeout: seconds that the service has for an answer.

    Raises:
        DependencyError: the `client` extra is not installed.
    """

    def __init__(
        self, url: str = "http://127.0.0.1:8765", token: str | None = None, *, timeout: float = 60.0
    ) -> None:
        self._connection = Connection(url, token, timeout=timeout)

    def generate(
        self,
        *,
        audio: FileInput,
        image: FileInput,
        config: GenerateConfig | None = None,
        format: str = "mp4",  # noqa: A002 - the word for it
        face_points: Mapping[str, Any] | None = None,
        consent: Mapping[str, str] | None = None,
        webhook: str | None = None,
        webhook_events: tuple[str, ...] = ("completed",),
        idempotency_key: str | None = None,
        **overrides: Any,
    ) -> RemoteVideo:
        """Order a video; returns at once, with the job that makes it.

        Args:
            audio, image: path, bytes or binary file object of the recording and the portrait.
            config: options; the service's defaults if not given.
            format: "mp4", "webm" or "gif".
            face_points: where the face is, as for `Model.generate`.
            consent: `{"statement": ..., "by": ...}`, kept with the job.
            webhook: address that is told of `webhook_events` ("start", "completed").
            idempotency_key: orders with the same key and content give the same job; drawn if not given, so
                that a request which is repeated because the connection broke makes one video.
            overrides: single options by name, on top of `config`.

        Raises:
            SonicError: what is wrong with the inputs or the options, or the caller's limits.
        """
        options = {**(config.to_dict() if config else {}), **overrides}
        fields = {"config": json.dumps(options), "format": format}
        fields |= {
            name: json.dumps(value)
            for name, value in (("face_points", face_points), ("consent", consent))
            if value
        }
        if webhook is not None:
            fields |= {"webhook": webhook, "webhook_events": json.dumps(webhook_events)}
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        files = {"image": image, "audio": audio}
        document = self._connection.upload("/v1/videos", files, data=fields, headers=headers)
        return RemoteVideo(self._connection, document)

    def inspect(
        self,
        *,
        image: FileInput | None = None,
        audio: FileInput | None = None,
        face_points: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """The report on a portrait or on a recording.

        Args:
            image, audio: one of the two, as for `generate`.
            face_points: where the portrait's face is, as for `generate`.
            options: `face_index` and `expand_ratio`, for a portrait.
        """
        files = {name: source for name, source in (("image", image), ("audio", audio)) if source is not None}
        if len(files) != 1:
            raise InputError(f"{len(files)} files are to be inspected: give image or audio, one of the two.")
        fields = {"config": json.dumps(options)}
        if face_points:
            fields["face_points"] = json.dumps(face_points)
        return self._connection.upload("/v1/inspect", files, data=fields)

    def video(self, video_id: str) -> RemoteVideo:
        """A job by its id.

        Raises:
            JobNotFoundError: there is none, or it has expired.
        """
        return RemoteVideo(self._connection, self._connection.call("GET", f"/v1/videos/{video_id}").json())

    def videos(self, *, status: str | None = None) -> Iterator[RemoteVideo]:
        """All jobs, the newest first, fetched as they are looked at."""
        query: dict[str, Any] = {"limit": 50} | ({"status": status} if status else {})
        while True:
            page = self._connection.call("GET", "/v1/videos", params=query).json()
            yield from (RemoteVideo(self._connection, document) for document in page["data"])
            if not page["has_more"]:
                return
            query["after"] = page["next"]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
