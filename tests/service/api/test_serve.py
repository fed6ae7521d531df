"""`sonic serve` as a person starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from sonic.errors import ConfigError
from sonic.service import server
from sonic.service.settings import ServiceSettings


@pytest.fixture
def started(data_folder):
    """Starts the command with some arguments; gives the process."""
    running = []

    def start(*arguments, **environment):
        command = [
            sys.executable,
            "-m",
            "sonic",
            "serve",
            "--data",
            data_folder(),
            "--workers",
            "0",
            *arguments,
        ]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | environment)
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.skipif(os.name != "posix", reason="ends by a signal")
def test_it_says_where_it_listens_and_stops_when_told(started):
    import httpx

    process = started("--port", "0")
    line = next(line for line in process.stderr if "listens on" in line)
    with httpx.Client(base_url=line.split()[-1], timeout=60) as client:
        assert client.get("/healthz").text == "ok"
        assert "server" not in client.get("/healthz").headers
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM


def test_it_does_not_let_just_anybody_in(started):
    process = started("--host", "0.0.0.0", "--port", "0")
    assert process.wait(60) == 2
    assert "sonic keys create" in process.stderr.read()


def test_a_port_that_is_taken(settings_of, receiver):
    settings = settings_of(port=receiver.server_address[1])
    with pytest.raises(ConfigError, match="choose another with --port"):
        server.run(settings, executor=None)


def test_addresses_for_the_browser():
    assert server.address("0.0.0.0", 80) == "http://127.0.0.1:80"
    assert server.address("::1", 80) == "http://[::1]:80"
    assert server.address(ServiceSettings().host, 8765) == "http://127.0.0.1:8765"
