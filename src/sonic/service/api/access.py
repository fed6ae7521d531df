"""Who asks: tokens, their limits, and whether this server may be reached without any."""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from sonic.errors import ConfigError, UnauthorizedError
from sonic.service.api.context import Here, Service
from sonic.service.keys import digest

if TYPE_CHECKING:
    from sonic.service.keys import ApiKey, KeyStore
    from sonic.service.settings import ServiceSettings


@dataclass(frozen=True)
class Caller:
    """Who asks: `owner` is the id of the key, None for the operator, who sees every job."""

    owner: str | None = None
    jobs_per_day: int | None = None


OPERATOR = Caller()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def needs_token(settings: ServiceSettings) -> bool:
    """Whether every request must bring a token."""
    return settings.token is not None or not is_loopback(settings.host)


def check_exposure(settings: ServiceSettings, keys: KeyStore) -> None:
    """Refuse to be reachable from outside when nobody could have a token.

    Raises:
        ConfigError: there is neither a token nor a key.
    """
    if is_loopback(settings.host) or settings.token is not None:
        return
    if not any(key.revoked_at is None for key in keys.list()):
        raise ConfigError(
            f"host {settings.host} can be reached from other machines, and there is no token: "
            "make one with sonic keys create NAME, or set SONIC_TOKEN."
        )


async def caller_of(request: Request, service: Here) -> Caller:
    """Who sent the request, whose rate is counted.

    Raises:
        UnauthorizedError: a token is needed, and there is none that is known.
        RateLimitError: the key asks too often.
    """
    token = _token(request.headers.get("authorization", ""))
    if token is None and not needs_token(service.settings):
        return OPERATOR
    if token is None:
        raise UnauthorizedError("This service needs a token: send Authorization: Bearer TOKEN.")
    caller = await run_in_threadpool(_known, service, token)
    request.state.owner = caller.owner
    return caller


Asking = Annotated[Caller, Depends(caller_of)]


def _known(service: Service, token: str) -> Caller:
    own = service.settings.token
    if own is not None and hmac.compare_digest(digest(own), digest(token)):
        return OPERATOR
    key = service.keys.check(token)
    _count(service, key)
    return Caller(key.id, key.jobs_per_day)


def _count(service: Service, key: ApiKey) -> None:
    if key.requests_per_minute is not None:
        service.rates.spend(key.id, key.requests_per_minute)


def _token(header: str) -> str | None:
    kind, _, token = header.partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None
