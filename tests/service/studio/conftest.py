from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from functools import partial

import pytest

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
)  # fmt: skip


@pytest.fixture(scope="session")
def browser():
    """A real Chromium without a window, with a made-up camera and microphone."""
    playwright = pytest.importorskip("playwright.sync_api")
    if BROWSER is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=BROWSER, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def visit(browser):
    """Opens an address in a fresh profile; at the end, whatever the page complained about fails the test."""
    contexts, complaints = [], []

    def open_page(address, *, ready=True, **options):
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "locale": "en-US"} | options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: complaints.append(complaint(message)) if is_ours(message) else None
        )
        page.goto(address)
        if ready:
            page.wait_for_selector("html[data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def is_ours(message):
    """Whether a line of the console is an error of the page; the browser adds its own to answers like 409."""
    return message.type == "error" and "status of 4" not in message.text


def complaint(message):
    return f"{message.text} ({message.location['url']})"


@pytest.fixture(scope="session")
def untouched(browser, address):
    """A page for the tests that leave it as it is."""
    page = browser.new_page(locale="en-US")
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    return page


@contextmanager
def studio(data, **environment):
    """`sonic studio` as a process of its own, whose browser only notes what it opens; gives its address."""
    port = free_port()
    command = [sys.executable, "-m", "sonic", "studio", f"--port={port}", f"--data={data}"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SONIC_")}
    environment = inherited | {"BROWSER": writer(data.parent)} | environment
    log = data.parent / "studio.log"
    with log.open("ab") as file, subprocess.Popen(command, env=environment, stderr=file) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz", process)
            yield f"http://127.0.0.1:{port}/studio/"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def writer(folder):
    """A program that writes its argument to the file `opened`."""
    program = folder / "browser"
    program.write_text(f'#!/bin/sh\necho "$1" > {folder / "opened"}\n')
    program.chmod(0o755)
    return str(program)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(address, process):
    while not answers(address):
        assert process.poll() is None, "the studio has ended"
        time.sleep(0.1)


def answers(address):
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except OSError:
        return False


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("studio") / "data"


@pytest.fixture
def another_studio(data):
    """Starts a second server on the files of the first one."""
    return partial(studio, data)


@pytest.fixture(scope="session")
def address(data):
    pytest.importorskip("fastapi")
    pytest.importorskip("playwright.sync_api")
    if BROWSER is None:
        pytest.skip("there is no Chromium")
    with studio(data) as running:
        yield running
