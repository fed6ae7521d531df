"""Which files nobody needs any more, and their removal, without ever taking one that a job needs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy

from sonic.media.digest import file_digest
from sonic.service import schema

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from sonic.service.blobs import Blob, BlobStore
    from sonic.service.database import Database, Transaction

_UPLOAD_TIME = timedelta(hours=1)  # within which an announced upload must have become a job's
_BATCH = 20  # files a transaction: SQLite's other writers wait for it


def announce_upload(database: Database, key: str) -> None:
    """Call this before a blob is stored: if no job uses it within the hour, it is thrown away.

    An upload whose server dies leaves nothing behind, and a blob that is being thrown away is not lost when
    the same content comes again at that moment.
    """
    with database.write() as transaction:
        throw_away(transaction, key, transaction.now + _UPLOAD_TIME)


def store_file(database: Database, blobs: BlobStore, path: Path) -> Blob:
    """Store a file for a job that is about to name it: `announce_upload`, then `BlobStore.put`."""
    announce_upload(database, file_digest(path))
    return blobs.put(path)


def throw_away(transaction: Transaction, key: str, after: datetime) -> None:
    """Delete a blob at the moment `after` or later, unless a job uses it then."""
    table = schema.trash
    insert = transaction.upsert(table, key=key, after=after)
    later = sqlalchemy.case((table.c.after > after, table.c.after), else_=after)
    transaction.execute(insert.on_conflict_do_update(index_elements=[table.c.key], set_={"after": later}))


def keep(transaction: Transaction, keys: Iterable[str]) -> None:
    """Forget that blobs were announced: a job has them now."""
    table = schema.trash
    transaction.execute(sqlalchemy.delete(table).where(table.c.key.in_(list(keys))))


def empty(database: Database, blobs: BlobStore) -> int:
    """Delete what is due and unused; returns how many files went."""
    deleted = 0
    while True:
        with database.write() as transaction:
            due = _due(transaction)
            # Inside the transaction: whoever announces one of them now waits, and stores it after this.
            unused = [key for key in due if not _used(transaction, key)]
            for key in unused:
                blobs.delete(key)
            keep(transaction, due)
        deleted += len(unused)
        if len(due) < _BATCH:
            return deleted


def _due(transaction: Transaction) -> list[str]:
    table = schema.trash
    query = (
        sqlalchemy.select(table.c.key)
        .where(table.c.after <= transaction.now)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    return list(transaction.execute(query).scalars())


def _used(transaction: Transaction, key: str) -> bool:
    jobs = schema.jobs
    using = sqlalchemy.or_(jobs.c.image == key, jobs.c.audio == key, jobs.c.output == key)
    found = transaction.execute(sqlalchemy.select(jobs.c.id).where(using).limit(1)).first()
    return found is not None
