from __future__ import annotations

import threading

import pytest

pytest.importorskip("sqlalchemy")

import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from sonic.errors import StorageError
from sonic.service.database import Database, new_id
from sonic.service.schema import metadata
from sonic.service.store import JobStore


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'deep' / 'jobs.sqlite3'}"
        return
    url = request.getfixturevalue("postgres_url")
    engine = sqlalchemy.create_engine(
        url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE empty")
    yield url.replace("/postgres?", "/empty?")
    with engine.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE empty WITH (FORCE)")
    engine.dispose()


class TestMigrations:
    def test_an_empty_database_gets_the_tables_that_the_code_expects(self, empty_url):
        database = Database(empty_url)
        with database.read() as transaction:
            assert compare_metadata(MigrationContext.configure(transaction.connection), metadata) == []
        database.close()

    def test_a_second_start_changes_nothing(self, empty_url, a_job):
        first = Database(empty_url)
        job = JobStore(first).create(a_job())
        first.close()
        second = Database(empty_url)
        assert JobStore(second).get(job.id) == job
        second.close()

    def test_several_processes_may_start_at_once(self, empty_url):
        opened = []
        together = threading.Barrier(8)

        def start():
            together.wait()
            opened.append(Database(empty_url))

        threads = [threading.Thread(target=start) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [JobStore(database).counts()["queued"] for database in opened] == [0] * 8
        for database in opened:
            database.close()

    def test_the_tables_of_a_newer_version_are_left_alone(self, empty_url):
        database = Database(empty_url)
        with database.write() as transaction:
            transaction.execute(sqlalchemy.text("UPDATE alembic_version SET version_num = '9999'"))
        database.close()
        with pytest.raises(StorageError, match="newer version"):
            Database(empty_url)


def test_writers_wait_for_each_other_and_readers_for_nobody(database_url):
    one, two = Database(database_url), Database(database_url)
    written = []

    def write():
        with two.write():
            written.append("two")

    with one.write() as transaction:
        transaction.execute(sqlalchemy.text("DELETE FROM trash"))
        with two.read():
            pass
        thread = threading.Thread(target=write)
        thread.start()
        if one.shared:
            thread.join()
        assert written == (["two"] if one.shared else [])
    thread.join()
    assert written == ["two"]
    one.close()
    two.close()


def test_what_is_raised_in_a_transaction_undoes_it(database):
    with pytest.raises(RuntimeError, match="changed my mind"), database.write() as transaction:
        transaction.execute(sqlalchemy.text("INSERT INTO usage (owner, day, jobs) VALUES ('a', 'b', 1)"))
        raise RuntimeError("changed my mind")
    with database.read() as transaction:
        assert transaction.execute(sqlalchemy.text("SELECT count(*) FROM usage")).scalar_one() == 0


def test_postgresql_keeps_its_own_time(postgres_url):
    database = Database(postgres_url)
    with database.read() as first:
        pass
    with database.read() as second:
        assert first.now < second.now
        assert second.now.utcoffset().total_seconds() == 0
    database.close()


def test_lost_connections_are_replaced(postgres_url):
    database = Database(postgres_url)
    JobStore(database).counts()
    other = Database(postgres_url)
    with other.write() as transaction:
        transaction.execute(
            sqlalchemy.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            )
        )
    assert JobStore(database).counts()["queued"] == 0
    database.close()
    other.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "cannot be read"),
        ("sqlite://", "needs a file"),
        ("mysql://root@localhost/x", "use sqlite"),
        ("sqlite:////proc/nowhere/jobs.sqlite3", "database_url"),
        ("postgresql://anna:hidden-word@127.0.0.1:9/x", "check database_url"),
    ],
)
def test_unusable_databases_are_named_without_their_passwords(url, words):
    if url.startswith("postgresql"):
        pytest.importorskip("psycopg")
    with pytest.raises(StorageError, match=words) as refused:
        Database(url)
    assert "hidden-word" not in str(refused.value)


def test_ids_sort_by_time_and_differ(clock):
    early = [new_id("vid", clock.now) for _ in range(50)]
    clock.advance(milliseconds=1)
    late = [new_id("vid", clock.now) for _ in range(50)]
    assert len(set(early + late)) == 100
    assert max(early) < min(late)
    assert all(len(name) == 30 and name.startswith("vid_") for name in early)
