from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

POSTGRES_HOMES = Path("/usr/lib/postgresql")
UNPRIVILEGED = ("postgres", "nobody")  # PostgreSQL refuses to run as root


class Clock:
    """Time that passes when the test says so."""

    def __init__(self):
        self.now = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)

    def __call__(self):
        return self.now

    def advance(self, **duration):
        self.now += timedelta(**duration)


@pytest.fixture
def clock():
    return Clock()


def postgres_programs():
    """The folder of the newest PostgreSQL, as Debian puts it, or that of `postgres` on the path."""
    found = sorted(POSTGRES_HOMES.glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("postgres")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def known_user():
    import pwd  # not on Windows, where nobody is root

    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    return None


@contextlib.contextmanager
def running_postgres():
    """A PostgreSQL server in a temporary folder that only its socket leads to; gives its URL."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    as_user = {"user": known_user()} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="sonic-pg-"))
    if as_user:
        shutil.chown(folder, **as_user)

    def run(program, *arguments):
        command = [programs / program, "-D", folder / "data", *arguments]
        done = subprocess.run(
            command,
            check=False,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **as_user,
        )
        assert done.returncode == 0, done.stdout

    try:
        run("initdb", "--auth=trust", "--no-sync", "--username=sonic", "--encoding=UTF8")
        options = f"-k {folder} -c listen_addresses= -c fsync=off -c max_connections=40"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://sonic@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_url():
    pytest.importorskip("psycopg")
    with running_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """A database file with empty tables; making them takes longer than most tests."""
    pytest.importorskip("sqlalchemy")
    from sonic.service.database import Database

    path = tmp_path_factory.mktemp("template") / "jobs.sqlite3"
    Database(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template, tmp_path):
    shutil.copy(sqlite_template, tmp_path / "jobs.sqlite3")
    return f"sqlite:///{tmp_path / 'jobs.sqlite3'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request):
    """A database of each kind with empty tables."""
    pytest.importorskip("sqlalchemy")
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    url = request.getfixturevalue("postgres_url")
    yield url
    empty_tables(url)


def empty_tables(url):
    import sqlalchemy

    from sonic.service.schema import metadata

    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"TRUNCATE {', '.join(metadata.tables)}")
    engine.dispose()


@pytest.fixture
def database(database_url, clock):
    from sonic.service.database import Database

    opened = Database(database_url, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def store(database):
    from sonic.service.store import JobStore

    return JobStore(database, retention=24)


@pytest.fixture
def queue(database):
    from sonic.service.queue import JobQueue

    return JobQueue(database, lease=30, attempts=3)


@pytest.fixture
def video():
    """What a worker says of a video that it has made."""
    pytest.importorskip("sqlalchemy")
    from sonic.service.jobs import Outcome

    return Outcome("4" * 64, 1000, "video/mp4", ("soft",), {"frames": 25})


@pytest.fixture
def a_job():
    """Makes requests that differ in what is said."""
    pytest.importorskip("sqlalchemy")
    from sonic.service.jobs import NewJob

    def make(**values):
        defaults = {"image": "1" * 64, "audio": "2" * 64, "config": {"seed": 7}, "cache_key": "3" * 64}
        return NewJob(**defaults | values)

    return make


@pytest.fixture(scope="session")
def s3_server():
    """A stand-in for S3 on this machine, and an empty bucket in it; gives its address."""
    moto = pytest.importorskip("moto.server")
    httpx = pytest.importorskip("httpx")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    httpx.put(f"http://{host}:{port}/videos").raise_for_status()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_url(s3_server, monkeypatch):
    """A place in the bucket, and access to it."""
    monkeypatch.setenv("AWS_ENDPOINT", s3_server)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    return "s3://videos/some/prefix"


class Service:
    """A job table and a storage in a folder, and requests for small videos."""

    def __init__(self, folder, portrait, speech, **places):
        from sonic.service.blobs import BlobStore
        from sonic.service.database import Database
        from sonic.service.queue import JobQueue
        from sonic.service.store import JobStore

        self.folder = folder
        self.places = places
        plain = self.settings()
        self.database = Database(plain.database)
        self.store = JobStore(self.database)
        self.queue = JobQueue(self.database)
        self.blobs = BlobStore(plain.storage)
        self._inputs = {"image": portrait.read_bytes(), "audio": speech.read_bytes()}

    def settings(self, **values):
        from sonic.service.settings import ServiceSettings

        return ServiceSettings(data=str(self.folder), **self.places, **values)

    def submit(self, *, image=None, **options):
        from sonic.config import GenerateConfig
        from sonic.digests import request_digest
        from sonic.service.jobs import NewJob

        tiny = {
            "preset": "preview",
            "crop": "face",
            "inference_steps": 2,
            "fps": 10.0,
            "duration": 1.0,
            "seed": 7,
        }
        config = GenerateConfig(**tiny | options).to_dict()
        inputs = self._inputs | ({"image": image} if image else {})
        keys = {name: self.blobs.put(content).key for name, content in inputs.items()}
        return self.store.create(
            NewJob(**keys, config=config, cache_key=request_digest(**keys, config=config, weights="any"))
        )


@pytest.fixture
def service(tmp_path, portrait_path, speech_path):
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("obstore")
    opened = Service(tmp_path, portrait_path, speech_path)
    yield opened
    opened.database.close()


@pytest.fixture
def remote_service(tmp_path, portrait_path, speech_path, postgres_url, s3_url):
    """The same on PostgreSQL and S3."""
    opened = Service(tmp_path, portrait_path, speech_path, database_url=postgres_url, storage_url=s3_url)
    yield opened
    opened.database.close()
    empty_tables(postgres_url)
