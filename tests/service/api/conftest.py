from __future__ import annotations

import contextlib
import json
import shutil
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec

import pytest

# The base installation has no web server: there is nothing to collect then.
collect_ignore_glob = [] if find_spec("fastapi") and find_spec("httpx") else ["test_*.py"]

TINY = {"min_resolution": 256, "crop": "face", "fps": 10, "inference_steps": 2, "duration": 0.6}
SECRET = "whsec_" + "c29uaWMtdGVzdHMtc2lnbi10aGVpci13ZWJob29rcyE="


@contextlib.contextmanager
def serving(settings):
    """A real server on a real port; gives an httpx client whose `service` is what the server works with."""
    import httpx
    import uvicorn

    from sonic.service.api.app import create_app

    app = create_app(settings)
    config = uvicorn.Config(
        app, port=0, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1, lifespan="on"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=90) as client:
            client.service = app.state.service
            yield client
    finally:
        server.should_exit = True
        thread.join()


@contextlib.contextmanager
def working(settings):
    """A real worker in a thread."""
    from sonic.service.worker import Worker

    worker = Worker(settings)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join()


@pytest.fixture(scope="session")
def data_folder(sqlite_template, tmp_path_factory):
    """Makes folders with an empty database for a server."""

    def make():
        folder = tmp_path_factory.mktemp("service")
        shutil.copy(sqlite_template, folder / "jobs.sqlite3")
        return str(folder)

    return make


@pytest.fixture(scope="session")
def settings_of(data_folder):
    """Makes settings of a server with a folder of its own."""
    from sonic.service.settings import ServiceSettings

    def make(**values):
        return ServiceSettings(**{"data": data_folder(), "poll": 0.02, "workers": 0} | values)

    return make


@pytest.fixture(scope="session")
def live(settings_of):
    """One server with a worker, without a token, shared by the tests that leave it as it is."""
    settings = settings_of(webhook_secret=SECRET, webhook_private=True, fetch_urls=True, fetch_private=True)
    with serving(settings) as client, working(settings):
        yield client


@pytest.fixture
def sqlite(sqlite_url, clock):
    """A database whose time is the test's."""
    from sonic.service.database import Database

    opened = Database(sqlite_url, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def serve(settings_of):
    """Starts further servers, without workers."""
    with contextlib.ExitStack() as stack:
        yield lambda **values: stack.enter_context(serving(settings_of(**values)))


@pytest.fixture(scope="session")
def tiny():
    """Options of the smallest video."""
    return TINY


@pytest.fixture(scope="session")
def small_wav(wav, tone):
    return wav(tone(0.8))


@pytest.fixture(scope="session")
def small_jpeg(portrait_path):
    return portrait_path.read_bytes()


@pytest.fixture(scope="session")
def order(small_jpeg, small_wav):
    """Sends an order for a tiny video; `config` and fields on top of the usual ones."""

    def send(client, *, image=small_jpeg, audio=small_wav, config=None, headers=None, **fields):
        data = {"config": json.dumps(TINY | {"seed": 7} | (config or {}))}
        texts = {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()
        }
        files = {"image": ("evil/../../name.jpg", image), "audio": ("a.wav", audio)}
        return client.post("/v1/videos", files=files, data=data | texts, headers=headers)

    return send


@pytest.fixture(scope="session")
def finished(live, order):
    """The JSON of a video that is done."""
    job = order(live).json()
    while job["status"] in {"queued", "running"}:
        job = live.get(job["urls"]["self"], headers={"Prefer": "wait=20"}).json()
    assert job["status"] == "succeeded", job
    return job


@pytest.fixture(scope="session")
def problem():
    """Checks that an answer is a problem document of a status and code; returns its sentence."""

    def check(answer, status, code):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        content = answer.json()
        assert (content["status"], content["code"]) == (status, code)
        assert content["type"] == f"urn:sonic:problem:{code}"
        return content["detail"]

    return check


class Receiver(ThreadingHTTPServer):
    """Keeps what is posted to it, and answers what it is told to: statuses, or (status, headers, body)."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received, self.answers = [], []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.arrived = threading.Condition()

    def wait_for(self, count):
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.received) >= count, timeout=20)
        return self.received


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.server.arrived:
            self.server.received.append((self.path, dict(self.headers), body))
            answer = self.server.answers.pop(0) if self.server.answers else 200
            self.server.arrived.notify_all()
        status, headers, content = answer if isinstance(answer, tuple) else (answer, {}, b"")
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(content)

    do_POST = do_GET  # noqa: N815 - the name that the base class calls

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
