"""A connection to a service whose refusals are raised as the errors of the SDK."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Any

from sonic.errors import DependencyError, RateLimitError, ServiceError, SonicError
from sonic.media.source import locate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import httpx

    from sonic.media.source import FileInput

ATTEMPTS = 3  # at what may be repeated
PAUSE = 1.0  # seconds before connecting again
UNREACHABLE = "unreachable"  # the code of an error that may be gone at the next attempt


class Connection:
    """HTTP to one service.

    Args:
        url: where the service is.
        token: proves who asks.
        timeout: seconds that the service has for an answer.

    Raises:
        DependencyError: the `client` extra is not installed.
    """

    def __init__(self, url: str, token: str | None, *, timeout: float) -> None:
        try:
            import httpx
        except ModuleNotFoundError as error:
            raise DependencyError(
                "The client needs httpx: install it with pip install 'sonic-portrait[client]'."
            ) from error
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout)

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

    def upload(self, path: str, files: Mapping[str, FileInput], **details: Any) -> dict[str, Any]:
        """The JSON that answers a form with files, sent again where the connection broke."""
        found = {name: locate(source, SonicError, name) for name, source in files.items()}
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._post(path, found, details)
            except ServiceError as error:
                if error.code != UNREACHABLE or attempt == ATTEMPTS:
                    raise
            time.sleep(PAUSE)
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Close it."""
        self._http.close()

    def _post(self, path: str, files: Mapping[str, Path | bytes], details: dict[str, Any]) -> dict[str, Any]:
        with ExitStack() as opened:
            parts = {name: (name, opened.enter_context(_reading(file))) for name, file in files.items()}
            document: dict[str, Any] = self.call("POST", path, files=parts, **details).json()
            return document


def error_of(
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


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    try:
        problem = answer.json()
        code, message = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        code = ServiceError.code
        message = f"The service answered {answer.status_code}: is {answer.url} the right address?"
    wait = answer.headers.get("Retry-After", "")
    seconds = float(wait) if wait.isdecimal() else None
    raise error_of(code, message, status=answer.status_code, retry_after=seconds)


@contextmanager
def _reading(file: Path | bytes) -> Iterator[IO[bytes] | bytes]:
    """Bytes, or an open file that is sent without being read whole."""
    if isinstance(file, bytes):
        yield file
        return
    with file.open("rb") as opened:
        yield opened


def _unreachable(error: Exception) -> ServiceError:
    reason = str(error) or type(error).__name__
    return ServiceError(f"The service cannot be reached ({reason}): is it running?", code=UNREACHABLE)
