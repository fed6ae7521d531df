"""What every answer carries so that browsers do no harm, and whom the server does not listen to."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from sonic.service.api.problems import refused, response_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sonic.errors import ServiceError

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' blob:; font-src 'self'; "
        "img-src 'self' blob: data:; media-src 'self' blob:; worker-src 'self' blob:; manifest-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()",
}
_SAFE = {"GET", "HEAD", "OPTIONS"}


class SecurityHeaders:
    """Adds the headers of `SECURITY` to every answer, and forbids caching where nothing else is said."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**SECURITY, "Cache-Control": "no-store"}.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


class OwnPagesOnly:
    """Refuses what other web pages make a browser send to a server that asks for no token.

    Such a server trusts whoever reaches it, and any page can reach 127.0.0.1 from the browser on the same
    machine. A foreign `Host` is a name that was pointed here (DNS rebinding), a foreign `Origin` a page that
    posts to us.

    Args:
        app: what answers.
        names: under which the server may be addressed.
        origins: of pages that may send requests, as for CORS.
    """

    def __init__(self, app: ASGIApp, names: tuple[str, ...], origins: tuple[str, ...] = ()) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        problem = self._problem(scope) if scope["type"] == "http" else None
        if problem is None:
            await self._app(scope, receive, send)
        else:
            await response_of(problem)(scope, receive, send)

    def _problem(self, scope: Scope) -> ServiceError | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name(host) not in self._names:
            return refused("misdirected", "The server is not known by this name: use the address it printed.")
        if scope["method"] in _SAFE or self._is_ours(headers, host):
            return None
        return refused("cross_site", "Another web page sent this request: open the server's own page.")

    def _is_ours(self, headers: Headers, host: str) -> bool:
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site", "none") in {"none", "same-origin"}
        return origin in self._origins or urlsplit(origin).netloc.lower() == host.lower()


def _name(host: str) -> str:
    """The name in a Host header, without port and brackets."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
