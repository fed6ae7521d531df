"""Runs the HTTP server, and whatever makes the videos beside it, until it is told to stop."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import uvicorn

from sonic.errors import ConfigError
from sonic.service.api.access import check_exposure
from sonic.service.api.app import create_app
from sonic.service.database import Database
from sonic.service.keys import KeyStore
from sonic.service.webhooks import Signer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sonic.service.executor import Executor
    from sonic.service.settings import ServiceSettings

_LAST_ANSWERS = 5  # seconds that open connections have when the server stops
_WAITING = 256  # connections


def run(
    settings: ServiceSettings, executor: Executor, *, on_ready: Callable[[str], None] | None = None
) -> None:
    """Serve until a signal ends it; `on_ready` is called with the server's address once it listens.

    Raises:
        ConfigError: the port is taken, or the settings would let anybody in.
    """
    check(settings)
    with _listening(settings) as listener:
        config = uvicorn.Config(
            create_app(settings, warm=True),
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=_LAST_ANSWERS,
        )
        executor.start()
        try:
            if on_ready is not None:
                on_ready(address(settings.host, listener.getsockname()[1]))
            uvicorn.Server(config).run(sockets=[listener])
        finally:
            executor.stop()


def check(settings: ServiceSettings) -> None:
    """Refuse settings that no server should start with.

    Raises:
        ConfigError: others could reach it without any token, or webhooks could not be signed.
    """
    if settings.webhook_secret is not None:
        Signer.of(settings.webhook_secret)
    database = Database(settings.database)
    try:
        check_exposure(settings, KeyStore(database))
    finally:
        database.close()


def address(host: str, port: int) -> str:
    """The address to open in a browser on this machine."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(host, host)  # noqa: S104 - not bound here
    return f"http://{name}:{port}"


def _listening(settings: ServiceSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # By the protocol's name asyncio knows that it may send small pieces at once: without it, an answer waits
    # 40 ms for the client's system to acknowledge its headers.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(_WAITING)
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"The server cannot listen on {settings.host} port {settings.port} ({error.strerror}): "
            "choose another with --port."
        ) from error
    return listener
