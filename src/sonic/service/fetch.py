"""Reaches web addresses that strangers name, without letting them reach into our own network."""

from __future__ import annotations

import ipaddress
import socket
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import httpcore

from sonic.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address

REDIRECTS = 3
# Special ones that some versions of Python count as public.
_SPECIAL = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "64:ff9b:1::/48", "fec0::/10")))
_REDIRECT = {301, 302, 303, 307, 308}
_WRAPPERS = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "::/96")))  # NAT64 and the old compatible form
_BLOCK = 1 << 16  # bytes


def is_public(text: str) -> bool:
    """Whether an IP address belongs to the internet at large, whatever notation hides it.

    IPv4 addresses inside of IPv6 ones (mapped, 6to4, Teredo, NAT64) are judged by themselves.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    return all(_is_public(one) for one in _inside(address))


def _is_public(address: Address) -> bool:
    special = any(address in network for network in _SPECIAL)
    return address.is_global and not address.is_multicast and not special


def _inside(address: Address) -> Iterator[Address]:
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    hidden = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in wrapper for wrapper in _WRAPPERS):
        hidden.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    found = [one for one in hidden if one is not None]
    yield from found or [address]


class GuardedNetwork(httpcore.SyncBackend):
    """Connects like httpcore does, but only to public addresses.

    The name is resolved once, every address is checked, and the connection goes to a checked one: a name
    server that changes its mind has no say in it. TLS still proves the name.
    """

    def __init__(self, *, allow_private: bool = False) -> None:
        super().__init__()
        self._allow_private = allow_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to one of the addresses of `host`.

        Raises:
            ServiceError: `url_refused`, one of its addresses is not public.
        """
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._addresses(host, port):
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:  # noqa: PERF203 - few addresses
                failure = error
        raise failure

    def check(self, url: str) -> None:
        """Refuse an address that is known to be private; one that is not known at all may be so tomorrow.

        Raises:
            ServiceError: `url_refused`.
        """
        parts = urlsplit(url)
        try:
            self._addresses(parts.hostname or "", parts.port or 443)
        except httpcore.ConnectError:
            return

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name {host} is not known") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self._allow_private and not all(is_public(address) for address in addresses):
            raise ServiceError(
                f"'{host}' is not a public address: give one that the whole internet can reach.",
                code="url_refused",
            )
        return addresses

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """Never: sockets of this machine are no web address."""
        raise ServiceError("Sockets of this machine are no web address.", code="url_refused")


@dataclass(frozen=True)
class Fetcher:
    """Downloads addresses of strangers into files, within limits.

    Attributes:
        allow_private: lets addresses of the own network through; for tests and closed networks.
        seconds: that a download may take in all.
    """

    allow_private: bool = False
    seconds: float = 60.0

    def fetch(self, url: str, target: IO[bytes], *, limit: int) -> int:
        """Write what is at `url` to `target`, at most `limit` bytes; returns how many there were.

        Raises:
            ServiceError: `url_refused` for addresses that are not taken, `too_large`, or `url_unreachable`.
        """
        deadline = time.monotonic() + self.seconds
        network = GuardedNetwork(allow_private=self.allow_private)
        with httpcore.ConnectionPool(network_backend=network, max_connections=1) as pool:
            try:
                for _ in range(REDIRECTS + 1):
                    check_url(url)
                    moved = self._read(pool, url, target, limit, deadline)
                    if moved is None:
                        return target.tell()
                    url = urljoin(url, moved)
            except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
                raise _unreachable(url, str(error) or type(error).__name__) from error
        raise _unreachable(url, f"more than {REDIRECTS} redirects")

    def _read(
        self, pool: httpcore.ConnectionPool, url: str, target: IO[bytes], limit: int, deadline: float
    ) -> str | None:
        """Where it has moved, or None when it is all in `target`."""
        wait = dict.fromkeys(("connect", "read", "write", "pool"), max(0.1, deadline - time.monotonic()))
        with pool.stream(
            "GET", url, headers=list(_HEADERS.items()), extensions={"timeout": wait}
        ) as response:
            if response.status in _REDIRECT:
                return _location(response)
            if response.status != 200:
                raise _unreachable(url, f"it answered {response.status}")
            for block in response.iter_stream():
                target.write(block)
                if target.tell() > limit:
                    raise ServiceError(
                        f"What is at '{url}' has more than {limit / 1e6:g} MB: make it smaller.",
                        code="too_large",
                    )
                if time.monotonic() > deadline:
                    raise _unreachable(url, f"it took more than {self.seconds:g} s")
        return None


_HEADERS = {"User-Agent": "sonic", "Accept": "*/*", "Accept-Encoding": "identity"}


def check_url(url: str) -> None:
    """Refuse what is no plain web address.

    Raises:
        ServiceError: `url_refused`.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    else:
        good = (
            good and parts.username is None and parts.password is None and url.isascii() and url.isprintable()
        )
    if not good:
        raise ServiceError(
            "This is no address that is fetched: give http://... or https://... without a password.",
            code="url_refused",
        )


def _location(response: httpcore.Response) -> str:
    for name, value in response.headers:
        if name.lower() == b"location":
            return str(value.decode("ascii", "replace"))
    return ""


def _unreachable(url: str, reason: str) -> ServiceError:
    return ServiceError(f"'{url}' could not be fetched: {reason}.", code="url_unreachable")
