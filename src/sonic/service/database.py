"""One database behind one URL: transactions, the time, and bringing the tables up to date."""

from __future__ import annotations

import dataclasses
import re
import secrets
import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import alembic.command
import alembic.config
import alembic.util
import sqlalchemy
from sqlalchemy import Connection, Engine, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url

from sonic.errors import DependencyError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed import DataclassInstance
    from sqlalchemy.engine import URL

    Record = TypeVar("Record", bound=DataclassInstance)

_BUSY = 30_000  # milliseconds that SQLite waits for another writer
_AGAIN = 0.01  # seconds until a new file is asked again
_POOL = {"pool_size": 8, "max_overflow": 56}  # as many as a server's threads; idle ones are closed again
_MIGRATING = 7_302_771_543  # the name of PostgreSQL's lock, any number that nobody else uses
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32


@dataclass(frozen=True)
class Transaction:
    """An open transaction and the moment at which it began."""

    connection: Connection
    now: datetime
    _last: list[tuple[tuple[str, ...], sqlalchemy.Executable]] = field(default_factory=list)

    def execute_last(self, rank: tuple[str, ...], statement: sqlalchemy.Executable) -> None:
        """Run a statement just before the end, behind all that have a lower rank.

        This is for rows that many transactions change: locked after all others and always in the same order,
        they make nobody wait in a circle.
        """
        self._last.append((rank, statement))

    def finish(self) -> None:
        """Run what was left for the end."""
        for _, statement in sorted(self._last, key=lambda entry: entry[0]):
            self.execute(statement)

    def execute(self, statement: sqlalchemy.Executable) -> sqlalchemy.CursorResult[Any]:
        """Run a statement."""
        return self.connection.execute(statement)

    def upsert(self, table: Table, **values: Any) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that knows what to do about conflicts (`on_conflict_do_nothing` and its like)."""
        if self.connection.dialect.name == "postgresql":
            return postgresql.insert(table).values(**values)
        return sqlite.insert(table).values(**values)


class Database:
    """Connections to SQLite (WAL) or PostgreSQL; the first use creates or updates the tables.

    SQLite's writers take the lock when they begin, so that no transaction fails half-way because another was
    quicker. On PostgreSQL the time is the database's: clocks of several machines differ, and leases must not.

    Args:
        url: `sqlite:///PATH` or `postgresql://...`.
        clock: gives the time in place of the database, for tests.

    Raises:
        StorageError: the database cannot be reached, or a newer version of Sonic made it.
    """

    def __init__(self, url: str, *, clock: Callable[[], datetime] | None = None) -> None:
        self._engine = _engine(_normalized(url))
        self._reading = self._engine.execution_options(sonic_reading=True)
        self._clock = clock
        try:
            self._migrate()
        except StorageError:
            self._engine.dispose()
            raise

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A transaction that only looks; it never waits for writers."""
        with _translated(), self._reading.begin() as connection:
            yield Transaction(connection, self._now(connection))

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction whose changes are kept together or not at all."""
        with _translated(), self._engine.begin() as connection:
            transaction = Transaction(connection, self._now(connection))
            yield transaction
            transaction.finish()

    @property
    def shared(self) -> bool:
        """Whether workers on other machines can use it."""
        return self._engine.dialect.name == "postgresql"

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _now(self, connection: Connection) -> datetime:
        if self._clock is not None:
            return self._clock()
        if connection.dialect.name == "postgresql":
            moment: datetime = connection.execute(
                sqlalchemy.select(sqlalchemy.func.clock_timestamp())
            ).scalar_one()
            return moment.astimezone(timezone.utc)
        return datetime.now(timezone.utc)

    def _migrate(self) -> None:
        """Bring the tables up to date; several processes may start at once, the others wait here."""
        config = alembic.config.Config()
        config.set_main_option(
            "script_location", str(Path(__file__).parent / "migrations").replace("%", "%%")
        )
        with _translated(), self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_xact_lock(_MIGRATING)))
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, "head")


def as_record(kind: type[Record], row: sqlalchemy.Row[Any]) -> Record:
    """The dataclass `kind` from the columns of a row that have its fields' names."""
    return kind(**{entry.name: getattr(row, entry.name) for entry in dataclasses.fields(kind)})


def new_id(prefix: str, now: datetime) -> str:
    """An unguessable id such as `vid_06f...`, ordered by time: 48 bits of milliseconds, 80 random bits."""
    number = int(now.timestamp() * 1000) << 80 | secrets.randbits(80)
    digits = (_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
    return prefix + "_" + "".join(digits)


def is_id(prefix: str, text: str) -> bool:
    """Whether `new_id` can have made this; anything else need not be looked for."""
    return re.fullmatch(f"{prefix}_[{_ALPHABET}]{{26}}", text) is not None


def _normalized(url: str) -> URL:
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    except sqlalchemy.exc.ArgumentError as error:
        raise StorageError(
            "The database URL cannot be read: write sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME."
        ) from error
    if parsed.drivername == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StorageError(
            f"The database is of the kind '{parsed.drivername}': use sqlite:///PATH or postgresql://..."
        )
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise StorageError("SQLite needs a file, which server and workers share: write sqlite:///PATH.")
    return parsed


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        _make_folder(url.database or "")
        engine = sqlalchemy.create_engine(url, **_POOL)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        return sqlalchemy.create_engine(url, pool_pre_ping=True, **_POOL)
    except ModuleNotFoundError as error:
        raise DependencyError(
            f"PostgreSQL needs the package '{error.name}': "
            "install it with pip install 'sonic-portrait[postgres]'."
        ) from error


def _make_folder(path: str) -> None:
    try:
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # faces and voices are private
    except OSError as error:
        raise StorageError(f"The database's folder cannot be made ({error}): check database_url.") from error


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # we begin transactions ourselves, below
    for pragma in (f"busy_timeout = {_BUSY}", "foreign_keys = ON", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}").close()
    _write_ahead(connection)


def _write_ahead(connection: Any) -> None:
    """Let readers and a writer work side by side (WAL).

    Of two connections that switch a new file at once SQLite refuses one, and does not wait before it does.
    """
    deadline = time.monotonic() + _BUSY / 1000
    while not _switched(connection):
        if time.monotonic() > deadline:
            raise StorageError("The database is too busy: try again in a moment.")
        time.sleep(_AGAIN)


def _switched(connection: Any) -> bool:
    try:
        connection.execute("PRAGMA journal_mode = WAL").close()
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        return False
    return True


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("sonic_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def _translated() -> Iterator[None]:
    """Failures of the database as our own error, without the URL, which may hold a password."""
    try:
        yield
    except (sqlalchemy.exc.OperationalError, sqlalchemy.exc.InterfaceError) as error:
        reason = " ".join(str(error.orig).split())  # PostgreSQL answers in several lines
        raise StorageError(f"The database cannot be used ({reason}): check database_url.") from error
    except sqlalchemy.exc.TimeoutError as error:
        raise StorageError("The database is too busy: try again in a moment.") from error
    except alembic.util.CommandError as error:
        raise StorageError(
            f"The database was made by a newer version ({error}): update Sonic, or use another database."
        ) from error
