"""API keys: made once, kept as digests, checked in constant time, with rate limits and quotas."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy

from sonic.errors import KeyNotFoundError, UnauthorizedError
from sonic.service import schema
from sonic.service.database import as_record, is_id, new_id

if TYPE_CHECKING:
    from datetime import datetime

    from sonic.service.database import Database

_USE_NOTED = timedelta(
    minutes=1
)  # how exactly the last use is kept: a write for each request would be too much
_NOBODY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class ApiKey:
    """What is known about a key; the token itself is not kept.

    `requests_per_minute` and `jobs_per_day` are its limits, None for none.
    """

    id: str
    name: str
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    requests_per_minute: float | None
    jobs_per_day: int | None


class KeyStore:
    """The table of API keys.

    A token is `sonic_ID_SECRET`: the id finds the row, the secret has 256 random bits. Nobody guesses those:
    a plain SHA-256 is as safe at rest as a slow password hash, and does not slow down every request.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, name: str, *, requests_per_minute: float | None = None, jobs_per_day: int | None = None
    ) -> tuple[ApiKey, str]:
        """A new key and its token, which can never be shown again."""
        secret = secrets.token_urlsafe(32)
        with self._database.write() as transaction:
            key_id = new_id("key", transaction.now)
            values = {
                "id": key_id,
                "name": name,
                "digest": digest(secret),
                "created_at": transaction.now,
                "requests_per_minute": requests_per_minute,
                "jobs_per_day": jobs_per_day,
            }
            transaction.execute(sqlalchemy.insert(schema.keys).values(values))
        return self.get(key_id), f"sonic_{key_id}_{secret}"

    def get(self, key_id: str) -> ApiKey:
        """The key; raises KeyNotFoundError."""
        query = sqlalchemy.select(schema.keys).where(schema.keys.c.id == key_id)
        with self._database.read() as transaction:
            row = transaction.execute(query).one_or_none()
        if row is None:
            raise KeyNotFoundError(f"There is no API key '{key_id}': sonic keys list shows them.")
        return as_record(ApiKey, row)

    def list(self) -> list[ApiKey]:
        """All keys, the oldest first, revoked ones among them."""
        query = sqlalchemy.select(schema.keys).order_by(schema.keys.c.id)
        with self._database.read() as transaction:
            return [as_record(ApiKey, row) for row in transaction.execute(query)]

    def revoke(self, key_id: str) -> ApiKey:
        """Make a key useless, from the next request on; raises KeyNotFoundError."""
        keys = schema.keys
        with self._database.write() as transaction:
            revoked = sqlalchemy.update(keys).where(keys.c.id == key_id, keys.c.revoked_at.is_(None))
            transaction.execute(revoked.values(revoked_at=transaction.now))
        return self.get(key_id)

    def check(self, token: str) -> ApiKey:
        """The key of a token, whose use is noted.

        Raises:
            UnauthorizedError: the token is unknown or revoked; the message does not say which.
        """
        key_id, secret = _parts(token)
        query = sqlalchemy.select(schema.keys).where(schema.keys.c.id == key_id)
        with self._database.read() as transaction:
            row = transaction.execute(query).one_or_none()
            now = transaction.now
        # An unknown id is compared as well: the time of the answer does not tell which ids exist.
        matches = hmac.compare_digest(digest(secret), _NOBODY if row is None else row.digest)
        if row is None or not matches or row.revoked_at is not None:
            raise UnauthorizedError("The token is unknown or revoked: make one with sonic keys create.")
        if row.last_used_at is None or now - row.last_used_at > _USE_NOTED:
            self._note_use(key_id)
        return as_record(ApiKey, row)

    def _note_use(self, key_id: str) -> None:
        keys = schema.keys
        with self._database.write() as transaction:
            used = sqlalchemy.update(keys).where(keys.c.id == key_id).values(last_used_at=transaction.now)
            transaction.execute(used)


def digest(secret: str) -> str:
    """How a secret is kept and compared: SHA-256 in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _parts(token: str) -> tuple[str, str]:
    """Id and secret of `sonic_key_..._SECRET`; the secret may hold underscores, the id has exactly one."""
    words = token.split("_", 3)
    key_id = "_".join(words[1:3])
    return (
        (key_id, words[3]) if len(words) == 4 and words[0] == "sonic" and is_id("key", key_id) else ("", "")
    )
