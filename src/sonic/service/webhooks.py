"""Tells other servers about jobs: signed as Standard Webhooks say, and again until somebody listens."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpcore

from sonic.errors import ConfigError, ServiceError, SonicError
from sonic.service.fetch import GuardedNetwork, check_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from sonic.service.outbox import Message, Outbox

# Seconds before the next attempt, as https://www.standardwebhooks.com proposes them; more than a day in all.
BACK_OFF = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000)
SECONDS = 15.0  # that a receiver has for its answer
_AT_ONCE = 4  # deliveries
_GONE = 410  # the receiver wants no more of them
_PREFIX = "whsec_"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Signer:
    """Signs messages with HMAC-SHA256.

    Attributes:
        key: 24 to 64 bytes.
    """

    key: bytes

    @classmethod
    def of(cls, secret: str) -> Signer:
        """The signer of a secret as Standard Webhooks write it: `whsec_` and base64.

        Raises:
            ConfigError: it is not written that way, or too short.
        """
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            key = b""
        if not secret.startswith(_PREFIX) or not 24 <= len(key) <= 64:
            raise ConfigError(
                "webhook_secret must be 'whsec_' and 24 to 64 bytes in base64: "
                "make one with echo whsec_$(openssl rand -base64 32)."
            )
        return cls(key)

    def headers(self, message_id: str, seconds: int, body: bytes) -> dict[str, str]:
        """The headers that prove who sent `body`, and when (seconds since 1970)."""
        signed = b".".join((message_id.encode(), str(seconds).encode(), body))
        signature = base64.b64encode(hmac.digest(self.key, signed, hashlib.sha256)).decode()
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": f"v1,{signature}",
        }


@dataclass(frozen=True)
class Postman:
    """Delivers what is in an outbox.

    Attributes:
        outbox: where the messages wait.
        signer: signs them.
        network: connects, to public addresses only unless it was told otherwise.
        clock: seconds since 1970.
    """

    outbox: Outbox
    signer: Signer
    network: GuardedNetwork
    clock: Callable[[], float] = time.time

    def deliver(self) -> int:
        """Try every message that is due; returns how many there were."""
        due = self.outbox.take(seconds=4 * SECONDS)
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sonic-webhook") as pool:
            list(pool.map(self._try, due))
        return len(due)

    def _try(self, message: Message) -> None:
        try:
            status = self._post(message)
        except (
            ServiceError, OSError, httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError
        ) as error:  # fmt: skip
            failure = str(error) or type(error).__name__
        else:
            if 200 <= status < 300:
                self.outbox.delivered(message.id)
                return
            failure = f"the receiver answered {status}"
            if status == _GONE:
                self.outbox.failed(message.id, failure, again_in=None)
                return
        again = BACK_OFF[message.attempts - 1] if message.attempts <= len(BACK_OFF) else None
        self.outbox.failed(message.id, failure, again_in=again)
        _log.warning("webhook %s was not delivered at attempt %d: %s", message.id, message.attempts, failure)

    def _post(self, message: Message) -> int:
        """The status that the receiver answered; redirects are not followed."""
        check_url(message.url)
        body = json.dumps(message.payload, separators=(",", ":"), sort_keys=True).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "sonic",
            **self.signer.headers(message.id, int(self.clock()), body),
        }
        wait = dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)
        with (
            httpcore.ConnectionPool(network_backend=self.network) as pool,
            pool.stream(
                "POST", message.url, headers=list(headers.items()), content=body, extensions={"timeout": wait}
            ) as response,
        ):
            return int(response.status)


class PostOffice:
    """Delivers in the background from `start` to `stop`.

    Args:
        postman: who delivers.
        seconds: between looks into the outbox.
    """

    def __init__(self, postman: Postman, *, seconds: float = 1.0) -> None:
        self._postman = postman
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sonic-webhooks", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the deliveries at hand."""
        self._stopping.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                busy = self._postman.deliver()
            except SonicError:  # the database is away for a moment: its messages are still there
                _log.exception("the outbox cannot be read")
                busy = 0
            if not busy:
                self._stopping.wait(self._seconds)
