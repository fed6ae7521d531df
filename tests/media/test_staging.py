from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from sonic.errors import ExportError
from sonic.media import staging
from sonic.media.output import staged
from sonic.media.staging import clear_leftovers, private_folder

posix = pytest.mark.skipif(os.name != "posix", reason="folders are locked on POSIX only")

DRAW = """
import sys, time
from pathlib import Path
from sonic.media.staging import private_folder
with private_folder(Path(sys.argv[1])) as folder:
    (folder / "talk.mp4").write_bytes(b"half")
    print("drawing", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def drawing(tmp_path):
    """A process at work in `tmp_path`; it is killed at the end."""
    command = [sys.executable, "-c", DRAW, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "drawing\n"
        yield process
        process.kill()


def aged(folder, hours):
    """The same folder, in which nothing was written for so long."""
    then = time.time() - hours * 3600
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (then, then))
    return folder


@posix
def test_what_a_killed_process_leaves_goes_and_what_a_living_one_has_stays(tmp_path, drawing):
    (folder,) = tmp_path.iterdir()
    aged(folder, hours=100)  # such as one that was stopped with Ctrl-Z
    clear_leftovers(tmp_path)
    assert (folder / "talk.mp4").read_bytes() == b"half"
    drawing.send_signal(signal.SIGKILL)
    drawing.wait()
    assert (folder / "talk.mp4").exists()
    clear_leftovers(tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_other_machines_have_goes_after_a_silent_day(tmp_path):
    def folder(name):
        made = tmp_path / name
        made.mkdir()
        (made / "talk.mp4").touch()
        return made

    fresh, old, written = (
        folder(f".sonic-{name}") for name in ("1a2b3c4d-00000001", "00000002", "1a2b3c4d-00000003")
    )
    aged(old, hours=25)
    aged(written, hours=25)
    os.utime(written / "talk.mp4")
    somebodys = aged(folder(".sonic-settings"), hours=25)
    clear_leftovers(tmp_path)
    assert set(tmp_path.iterdir()) == {fresh, written, somebodys}
    clear_leftovers(tmp_path / "missing")


def test_own_folders_go_at_the_end(tmp_path):
    with pytest.raises(RuntimeError), private_folder(tmp_path) as one, private_folder(tmp_path) as two:
        (two / "pictures").mkdir()
        clear_leftovers(tmp_path)
        assert one != two
        assert one.is_dir()
        raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_without_locks_the_age_decides(tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "_lock", lambda _: None)
    with private_folder(tmp_path) as folder:
        clear_leftovers(tmp_path)
        assert folder.is_dir()


def test_a_folder_that_takes_no_files_is_told(tmp_path):
    with pytest.raises(ExportError, match="gone"), staged(tmp_path / "gone" / "a.mp4", overwrite=False):
        pass
