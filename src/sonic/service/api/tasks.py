"""What a server does beside answering: deliver webhooks, and throw away what is over."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sonic.errors import SonicError
from sonic.service import trash
from sonic.service.fetch import GuardedNetwork
from sonic.service.outbox import Outbox
from sonic.service.webhooks import Postman, PostOffice, Signer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sonic.service.api.context import Service

_CLEANING = 60.0  # seconds between rounds

_log = logging.getLogger(__name__)


@contextmanager
def running(service: Service) -> Iterator[None]:
    """Both tasks, in threads of their own until the end."""
    office = _post_office(service)
    janitor = Janitor(service)
    janitor.start()
    if office is not None:
        office.start()
    try:
        yield
    finally:
        janitor.stop()
        if office is not None:
            office.stop()


def _post_office(service: Service) -> PostOffice | None:
    settings = service.settings
    if settings.webhook_secret is None:
        return None
    network = GuardedNetwork(allow_private=settings.webhook_private)
    return PostOffice(Postman(Outbox(service.database), Signer.of(settings.webhook_secret), network))


class Janitor:
    """Deletes expired jobs, unused files and old lines of the logs, about once a minute."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sonic-janitor", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the round at hand."""
        self._stopping.set()
        self._thread.join()

    def clean(self) -> None:
        """One round."""
        service = self._service
        service.store.expire()
        trash.empty(service.database, service.blobs)
        Outbox(service.database).expire()
        service.fleet.expire()
        if service.settings.audit_retention:
            service.audit.expire(service.settings.audit_retention)

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self.clean()
            except SonicError:  # database or storage are away for a moment: the next round makes up for it
                _log.exception("cleaning up has failed")
            self._stopping.wait(_CLEANING)
