"""The tables of the service's database."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Dialect


class UtcTime(TypeDecorator[datetime]):
    """Moments with their time zone, UTC, also where the database keeps none (SQLite)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To the database."""
        return None if value is None else value.astimezone(timezone.utc)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database."""
        if value is None or value.tzinfo is not None:
            return None if value is None else value.astimezone(timezone.utc)
        return value.replace(tzinfo=timezone.utc)


metadata = MetaData()
_Json = JSON(none_as_null=True)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("owner", String(40)),
    Column("created_at", UtcTime, nullable=False),
    Column("available_at", UtcTime, nullable=False),  # when a retry may begin
    Column("started_at", UtcTime),
    Column("completed_at", UtcTime),
    Column("kept_for", Float),  # seconds from completion to deletion, null for ever
    Column("expires_at", UtcTime),
    Column("image", String(64), nullable=False),
    Column("audio", String(64), nullable=False),
    Column("face_points", _Json),
    Column("config", _Json, nullable=False),
    Column("format", String(8), nullable=False),
    Column("progress", _Json),
    Column("output", String(64)),
    Column("output_bytes", BigInteger),
    Column("media_type", String(64)),
    Column("warnings", _Json, nullable=False),
    Column("error", _Json),
    Column("metrics", _Json),
    Column("attempts", Integer, nullable=False, default=0),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    Column("cache_key", String(64), nullable=False),
    Column("webhook", Text),
    Column("webhook_events", _Json, nullable=False),
    Column("consent", _Json),
    Column("lease_owner", String(80)),
    Column("lease_expires_at", UtcTime),
    Column("last_event", Integer, nullable=False, default=0),
    Index("jobs_waiting", "state", "available_at"),
    Index("jobs_of_owner", "owner", "id"),
    Index("jobs_by_cache_key", "cache_key"),
    Index("jobs_by_expiry", "expires_at"),
    Index("jobs_by_image", "image"),
    Index("jobs_by_audio", "audio"),
    Index("jobs_by_output", "output"),
)


def _job() -> Column[str]:
    return Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)


events = Table(
    "events",
    metadata,
    _job(),
    Column("sequence", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("data", _Json, nullable=False),
)

previews = Table(
    "previews",
    metadata,
    _job(),
    Column("at", UtcTime, nullable=False),
    Column("jpeg", LargeBinary, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("owner", String(40), primary_key=True),  # empty for nobody in particular: no null in a key
    Column("key", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("job_id", String(40), nullable=False),  # reserved before the job is there: no foreign key
    Index("idempotency_by_job", "job_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("job_id", String(40), nullable=False),  # no foreign key: it is delivered although the job is gone
    Column("url", Text, nullable=False),
    Column("event", String(32), nullable=False),
    Column("payload", _Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("next_at", UtcTime),  # null when it is delivered or given up
    Column("attempts", Integer, nullable=False, default=0),
    Column("delivered_at", UtcTime),
    Column("error", Text),
    Index("outbox_due", "next_at"),
)

trash = Table(
    "trash",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("after", UtcTime, nullable=False),
    Index("trash_due", "after"),
)

keys = Table(
    "keys",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Column("last_used_at", UtcTime),
    Column("requests_per_minute", Float),
    Column("jobs_per_day", Integer),
)

usage = Table(
    "usage",
    metadata,
    Column("owner", String(40), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("jobs", Integer, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("details", _Json, nullable=False),
    Index("audit_by_subject", "subject"),
    Index("audit_by_time", "at"),
)

workers = Table(
    "workers",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("job_id", String(40)),
)

durations = Table(
    "durations",
    metadata,
    Column("measure", String(16), primary_key=True),
    Column("outcome", String(16), primary_key=True),
    Column(
        "seconds_limit", String(16), primary_key=True
    ),  # upper limit as text: a key, and infinity among them
    Column("jobs", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
)
