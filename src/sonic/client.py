"""Orders videos from a Sonic service: `sonic.Client(url, token).generate(...)`."""

from __future__ import annotations

import json
import time
import uuid
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sonic.errors import Cancelled, DependencyError, RateLimitError, ServiceError, SonicError
from sonic.media.output import staged
from sonic.media.source import locate
from sonic.progress import Progress

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    import httpx
    from typing_extensions import Self

    from sonic.config import GenerateConfig
    from sonic.media.source import FileInput
    from sonic.progress import OnProgress

_FINAL = ("succeeded", "failed", "canceled")
_ATTEMPTS = 3  # at a request that may be repeated
_PAUSE = 1.0  # seconds before connecting again


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
        try:
            import httpx
        except ModuleNotFoundError as error:
            raise DependencyError(
                "The client needs httpx: install it with pip install 'sonic-portrait[client]'."
            ) from error
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout)

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
        document = self._upload("/v1/videos", {"image": image, "audio": audio}, fields, headers)
        return RemoteVideo(self, document)

    def inspect(
        self, *, image: FileInput | None = None, audio: FileInput | None = None, **options: Any
    ) -> dict[str, Any]:
        """The report on a portrait or on a recording; `options` may hold `face_index` and `expand_ratio`."""
        files = {name: source for name, source in (("image", image), ("audio", audio)) if source is not None}
        return self._upload("/v1/inspect", files, {"config": json.dumps(options)}, {})

    def video(self, video_id: str) -> RemoteVideo:
        """A job by its id.

        Raises:
            JobNotFoundError: there is none, or it has expired.
        """
        return RemoteVideo(self, self.call("GET", f"/v1/videos/{video_id}").json())

    def videos(self, *, status: str | None = None) -> Iterator[RemoteVideo]:
        """All jobs, the newest first, fetched as they are looked at."""
        query: dict[str, Any] = {"limit": 50} | ({"status": status} if status else {})
        while True:
            page = self.call("GET", "/v1/videos", params=query).json()
            yield from (RemoteVideo(self, document) for document in page["data"])
            if not page["has_more"]:
                return
            query["after"] = page["next"]

    def call(self, method: str, path: str, **details: Any) -> httpx.Response:
        """A request and its answer; whatever is no success is raised."""
        import httpx

        try:
            answer = self._http.request(method, path, **details)
        except httpx.TransportError as error:
            raise _unreachable(error) from error
        return _checked(answer)

    @contextmanager
    def stream(self, path: str, **details: Any) -> Iterator[httpx.Response]:
        """An answer whose body is read piece by piece; whatever is no success is raised."""
        import httpx

        try:
            with self._http.stream("GET", path, **details) as answer:
                if answer.is_error:
                    answer.read()
                yield _checked(answer)
        except httpx.TransportError as error:
            raise _unreachable(error) from error

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _upload(
        self, path: str, files: Mapping[str, FileInput], fields: dict[str, str], headers: dict[str, str]
    ) -> dict[str, Any]:
        """The JSON that answers a form, sent again where the connection broke."""
        for attempt in range(_ATTEMPTS):
            with ExitStack() as opened:
                parts = {name: (name, opened.enter_context(_reading(files[name], name))) for name in files}
                try:
                    document: dict[str, Any] = self.call(
                        "POST", path, files=parts, data=fields, headers=headers
                    ).json()
                except ServiceError as error:
                    if error.code != "unreachable" or attempt == _ATTEMPTS - 1:
                        raise
                else:
                    return document
            time.sleep(_PAUSE)
        raise AssertionError("the last attempt returns or raises")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RemoteVideo:
    """A job of a service, as it was when it was last looked at.

    Attributes:
        document: everything the service says of it, as `docs/service.md` describes it.
    """

    def __init__(self, client: Client, document: dict[str, Any]) -> None:
        self._client = client
        self.document = document

    @property
    def id(self) -> str:
        """The job's id."""
        return str(self.document["id"])

    @property
    def status(self) -> str:
        """queued, running, succeeded, failed or canceled."""
        return str(self.document["status"])

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in _FINAL

    @property
    def seed(self) -> int:
        """The seed that gives the same video again."""
        return int(self.document["input"]["config"]["seed"])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to expect, as in `Video.warnings`."""
        return tuple(self.document["warnings"])

    def refresh(self) -> RemoteVideo:
        """Look again."""
        self.document = self._client.call("GET", self._path).json()
        return self

    def events(self, after: int = 0) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """Number, kind and data of what happens, until it is finished; a broken connection is made again.

        Kinds are start, progress, preview, log and completed.
        """
        failures = 0
        while True:
            try:
                for event in self._stream(after):
                    after, failures = event[0], 0
                    yield event
                    if event[1] == "completed":
                        return
            except ServiceError as error:
                failures += 1
                if error.code != "unreachable" or failures == _ATTEMPTS:
                    raise
            if self.refresh().finished:
                return
            time.sleep(_PAUSE)

    def wait(self, on_progress: OnProgress | None = None) -> RemoteVideo:
        """Follow it to its end; whatever `on_progress` raises leaves the job as it is.

        Raises:
            SonicError: why it failed; Cancelled: it was canceled.
        """
        for _, kind, data in self.events():
            if kind == "progress" and on_progress is not None:
                on_progress(_progress(data))
        self.refresh()
        if self.status == "failed":
            raise _error(self.document["error"]["code"], self.document["error"]["message"])
        if self.status == "canceled":
            raise Cancelled(f"The video {self.id} was canceled.")
        return self

    def download(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
        """Write the finished video to `path`, whole or not at all.

        Raises:
            ServiceError: `not_finished`.
            OutputExistsError: the file is there and may not be replaced.
        """
        target = Path(path).expanduser()
        with (
            staged(target, overwrite=overwrite) as staging,
            self._client.stream(f"{self._path}/content", follow_redirects=True) as answer,
            staging.open("xb") as file,
        ):
            for block in answer.iter_bytes():
                file.write(block)
        return target

    def cancel(self) -> RemoteVideo:
        """Stop it; one that has ended stays as it is."""
        self.document = self._client.call("POST", f"{self._path}/cancel").json()
        return self

    def delete(self) -> None:
        """Stop it and remove it and its files."""
        self._client.call("DELETE", self._path)

    def __repr__(self) -> str:
        return f"RemoteVideo({self.id!r}, {self.status})"

    @property
    def _path(self) -> str:
        return f"/v1/videos/{self.id}"

    def _stream(self, after: int) -> Iterator[tuple[int, str, dict[str, Any]]]:
        from httpx_sse import EventSource

        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": str(after)} if after else {})}
        with self._client.stream(f"{self._path}/events", headers=headers) as answer:
            for event in EventSource(answer).iter_sse():
                if event.data:
                    yield int(event.id), event.event, event.json()


@contextmanager
def _reading(source: FileInput, name: str) -> Iterator[IO[bytes] | bytes]:
    """Bytes, or an open file that is sent without being read whole."""
    found = locate(source, SonicError, name)
    if isinstance(found, bytes):
        yield found
        return
    with found.open("rb") as file:
        yield file


def _progress(data: dict[str, Any]) -> Progress:
    """The report that the SDK would give; its `eta` is what the service said."""
    done, total, left = int(data["done"]), int(data["total"]), data.get("seconds_left")
    elapsed = 0.0 if left is None or done >= total else left * done / (total - done)
    return Progress(str(data["stage"]), done, total, elapsed)


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    try:
        problem = answer.json()
        code, message = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        code, message = (
            "service",
            f"The service answered {answer.status_code}: is {answer.url} the right address?",
        )
    wait = answer.headers.get("Retry-After", "")
    raise _error(
        code, message, status=answer.status_code, retry_after=float(wait) if wait.isdecimal() else None
    )


def _error(
    code: str, message: str, *, status: int | None = None, retry_after: float | None = None
) -> SonicError:
    """The SDK's error of that code, or a ServiceError with it."""
    kind = _kinds(SonicError).get(code)
    if kind is None or issubclass(kind, ServiceError):
        return ServiceError(message, code=code, status=status, retry_after=retry_after)
    if issubclass(kind, RateLimitError):
        return kind(message, retry_after or 1.0)
    return kind(message)


def _kinds(base: type[SonicError]) -> dict[str, type[SonicError]]:
    found = {base.code: base}
    for child in base.__subclasses__():
        found |= _kinds(child)
    return found


def _unreachable(error: Exception) -> ServiceError:
    return ServiceError(
        f"The service cannot be reached ({error or type(error).__name__}): is it running?", code="unreachable"
    )
