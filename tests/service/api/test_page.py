"""What docs/service.md shows works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "service.md").read_text(encoding="utf-8")


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


@pytest.mark.skipif(
    shutil.which("curl") is None or shutil.which("bash") is None, reason="needs curl and bash"
)
def test_the_walk_with_curl(live, folder):
    script = "set -euo pipefail\n" + "\n".join(blocks("sh run"))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"SONIC": str(live.base_url).rstrip("/"), "PATH": path, "no_proxy": "*"}
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "urn:sonic:problem" not in done.stdout
    assert "event: completed" in done.stdout
    assert (folder / "talk.mp4").read_bytes()[4:8] == b"ftyp"
    assert (folder / "start.bin").stat().st_size == 100
    assert (folder / "talk.jpg").read_bytes().startswith(b"\xff\xd8")


def test_the_python_client(live, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    [code] = blocks("python run")
    namespace = {}
    exec(code.replace("http://127.0.0.1:8765", str(live.base_url)), namespace)
    namespace["client"].close()
    assert "frames" in capsys.readouterr().out
    assert (folder / "talk.mp4").is_file()


def test_the_verification_of_webhooks(live):
    from sonic.service.webhooks import Signer

    secret = live.service.settings.webhook_secret
    [code] = blocks("python verify")
    namespace = {}
    exec(code, namespace)

    headers = Signer.of(secret).headers("msg_1", int(time.time()), b"{}")
    assert namespace["verify"](secret, headers, b"{}")
    assert not namespace["verify"](secret, headers, b"[]")
    old = Signer.of(secret).headers("msg_1", int(time.time()) - 1000, b"{}")
    assert not namespace["verify"](secret, old, b"{}")


def test_the_hook():
    [code] = blocks("python hook")
    namespace = {}
    exec(code, namespace)
    namespace["check"](np.zeros((300, 300, 3), np.uint8))
    with pytest.raises(ValueError, match="too small"):
        namespace["check"](np.zeros((100, 300, 3), np.uint8))


def test_every_code_is_in_the_table():
    from sonic.service.api.problems import STATUSES

    rows = [line for line in PAGE.splitlines() if re.match(r"\| \d{3} \|", line)]
    for code, status in STATUSES.items():
        assert any(line.startswith(f"| {status} |") and f"`{code}`" in line for line in rows), code
