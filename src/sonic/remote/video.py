"""A video that a service makes: follow it, wait for it, fetch it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonic.errors import Cancelled, ServiceError
from sonic.media.output import staged
from sonic.progress import Progress
from sonic.remote.connection import ATTEMPTS, PAUSE, UNREACHABLE, error_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from sonic.progress import OnProgress
    from sonic.remote.connection import Connection

_FINAL = ("succeeded", "failed", "canceled")


class RemoteVideo:
    """A job of a service, as it was when it was last looked at.

    Attributes:
        document: everything the service says of it, as `docs/service.md` describes it.
    """

    def __init__(self, connection: Connection, document: dict[str, Any]) -> None:
        self._connection = connection
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
        self.document = self._connection.call("GET", self._path).json()
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
                if error.code != UNREACHABLE or failures == ATTEMPTS:
                    raise
            if self.refresh().finished:
                return
            time.sleep(PAUSE)

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
            raise error_of(self.document["error"]["code"], self.document["error"]["message"])
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
            self._connection.stream(f"{self._path}/content", follow_redirects=True) as answer,
            staging.open("xb") as file,
        ):
            for block in answer.iter_bytes():
                file.write(block)
        return target

    def cancel(self) -> RemoteVideo:
        """Stop it; one that has ended stays as it is."""
        self.document = self._connection.call("POST", f"{self._path}/cancel").json()
        return self

    def delete(self) -> None:
        """Stop it and remove it and its files."""
        self._connection.call("DELETE", self._path)

    def __repr__(self) -> str:
        return f"RemoteVideo({self.id!r}, {self.status})"

    @property
    def _path(self) -> str:
        return f"/v1/videos/{self.id}"

    def _stream(self, after: int) -> Iterator[tuple[int, str, dict[str, Any]]]:
        from httpx_sse import EventSource

        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": str(after)} if after else {})}
        with self._connection.stream(f"{self._path}/events", headers=headers) as answer:
            for event in EventSource(answer).iter_sse():
                if event.data:
                    yield int(event.id), event.event, event.json()


def _progress(data: dict[str, Any]) -> Progress:
    """The report that the SDK would give; its `eta` is what the service said."""
    done, total, left = int(data["done"]), int(data["total"]), data.get("seconds_left")
    elapsed = 0.0 if left is None or done >= total else left * done / (total - done)
    return Progress(str(data["stage"]), done, total, elapsed)
