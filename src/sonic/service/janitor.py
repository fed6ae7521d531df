"""Everything that must be tidied up from time to time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sonic.service import trash
from sonic.service.audit import SYSTEM, AuditLog
from sonic.service.fleet import Fleet
from sonic.service.outbox import Outbox
from sonic.service.scratch import clear_scratch
from sonic.service.store import JobStore

if TYPE_CHECKING:
    from sonic.service.blobs import BlobStore
    from sonic.service.database import Database
    from sonic.service.settings import ServiceSettings

logger = logging.getLogger(__name__)


def clean(database: Database, blobs: BlobStore, settings: ServiceSettings) -> None:
    """Delete what is over: jobs, files, messages, audit lines, scratch; two may do it at a time."""
    store = JobStore(database)
    expired = 0
    while count := store.expire():
        expired += count
    files = trash.empty(database, blobs)
    Outbox(database).expire()
    Fleet(database).expire()
    clear_scratch(settings)
    audit = AuditLog(database)
    if expired:
        audit.record(SYSTEM, "job.expire", "jobs", count=expired)
    if settings.audit_retention:
        audit.expire(settings.audit_retention)
    if expired or files:
        logger.info("%d jobs expired, %d files deleted", expired, files)
