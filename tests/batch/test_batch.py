from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

import sonic
from sonic.batch.dispatch import dispatch
from sonic.batch.folder import read_folder
from sonic.batch.maker import Equipment
from sonic.batch.processes import ProcessCrew
from sonic.batch.tasks import plan
from sonic.cli.app import run
from sonic.errors import ModelNotFoundError
from sonic.media.staging import private_folder


@pytest.fixture
def batch(capsys, quick_flags):
    """Runs `sonic batch` with quick options; gives exit code, summary and standard error."""

    def call(*arguments):
        code = run(["batch", *map(str, arguments), *quick_flags, "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out), err

    return call


def test_a_batch_is_made_skipped_and_redone(batch, folder, tmp_path, lines, wav, tone):
    out = tmp_path / "new" / "out"
    (folder / "mute.wav").write_bytes(b"not a sound")
    code, summary, err = batch(folder, "-o", out, "--workers", 2)
    assert code == 1
    assert (summary["made"], summary["skipped"], summary["failed"], summary["total"]) == (2, 0, 1, 3)
    assert err.startswith("error: row 3: ")
    made = {line["audio"].rpartition(os.sep)[2]: line for line in lines(out)}
    assert made["mute.wav"]["error"]["code"] == "audio"
    for name in ("high.wav", "low.wav"):
        line = made[name]
        assert line["output_bytes"] == (out / line["output"]).stat().st_size
        assert sonic.read_metadata(out / line["output"])["seed"] == line["video"]["config"]["seed"]
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.mp4")}

    (folder / "mute.wav").write_bytes(wav(tone(0.6, hertz=220.0)))
    (folder / "low.wav").write_bytes(wav(tone(0.6, hertz=170.0)))
    code, summary, err = batch(folder, "-o", out)
    assert (code, err) == (0, "note: 1 of 3 videos are there already.\n")
    assert (summary["made"], summary["skipped"], summary["failed"]) == (2, 1, 0)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    code, summary, _ = batch(folder, "-o", out, "--shard", "1/2")
    assert (code, summary["made"], summary["skipped"]) == (0, 0, 1)
    assert summary["results"].endswith("results-1-of-2.jsonl")


def test_a_list_gives_names_and_options(batch, folder, tmp_path, lines):
    rows = [
        {"image": "anna.jpg", "audio": "high.wav", "output": "talks/one.gif", "seed": 5},
        {"image": "anna.jpg", "audio": "low.wav", "emotion": "glad"},
        {"image": "anna.jpg", "audio": "low.wav"},
    ]
    (folder / "list.jsonl").write_text("\n".join(map(json.dumps, rows)))
    out = tmp_path / "out"
    code, summary, _ = batch(folder / "list.jsonl", "-o", out, "--fail-fast")
    assert (code, summary["made"], summary["failed"]) == (1, 0, 1)
    code, summary, _ = batch(folder / "list.jsonl", "-o", out)
    assert (code, summary["made"], summary["failed"]) == (1, 2, 1)
    assert sonic.read_metadata(out / "talks" / "one.gif")["seed"] == 5
    assert [line["status"] for line in lines(out)] == ["failed", "failed", "succeeded", "succeeded"]


@pytest.mark.parametrize(
    ("arguments", "message", "exit_code"),
    [
        (["{folder}"], "Missing option '-o'", 2),
        (["nowhere", "-o", "out"], "nowhere", 2),
        (["{folder}/anna.jpg", "-o", "out"], "is no list", 2),
        (["{folder}", "-o", "{folder}"], "choose another", 2),
        (["{folder}", "-o", "{folder}/anna.jpg"], "anna.jpg", 2),
        (["{folder}", "-o", "out", "--shard", "3/2"], "write 2/8", 2),
        (["{folder}", "-o", "out", "--gpus", "0.5"], "add ray", 2),
        (["{folder}", "-o", "out", "--fps", "3"], "10 to 60", 2),
        (["{folder}", "-o", "out", "--model", "sonic-bass"], "sonic-base", 3),
    ],
)
def test_mistakes_are_told_before_anything_is_made(
    folder, capsys, tmp_path, monkeypatch, arguments, message, exit_code
):
    monkeypatch.chdir(tmp_path)
    assert run(["batch", *(text.format(folder=folder) for text in arguments)]) == exit_code
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert message in err
    assert not list(tmp_path.rglob("*.mp4"))


def test_without_ray_the_message_says_how_to_get_it(folder, capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert run(["batch", str(folder), "-o", str(tmp_path / "out"), "--ray"]) == 3
    assert "sonic-portrait[scale]" in capsys.readouterr().err


class Doomed(ProcessCrew):
    """A crew whose first processes are killed as soon as they start."""

    def __init__(self, kills):
        super().__init__(Equipment(), 1)
        self.kills = kills

    def hire(self):
        worker = super().hire()
        if self.kills:
            self.kills -= 1
            os.kill(worker._process.pid, signal.SIGKILL)
        return worker


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_killed_worker_is_replaced_once_for_each_item(tasks):
    outcomes = list(dispatch(tasks, Doomed(1)))
    assert [outcome.status for outcome in outcomes] == ["succeeded", "succeeded"]
    assert sorted(path.name for path in tasks[0].target.parent.iterdir()) == sorted(t.output for t in tasks)
    (outcome,) = dispatch(tasks[:1], Doomed(2))
    assert outcome.error["code"] == "worker_lost"
    assert "SIGKILL" in outcome.error["message"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_worker_killed_in_mid_drawing_leaves_nothing(long_folder, order):
    order.folder.mkdir()
    whole = {name: value for name, value in order.options.items() if name != "duration"}
    (task,) = plan(read_folder(long_folder)[0][-1:], replace(order, options=whole)).tasks
    workers = []

    class Watched(ProcessCrew):
        def hire(self):
            workers.append(super().hire())
            return workers[-1]

    def kill_all():
        seen = set()
        for count in (1, 2):
            while not (drawn := set(order.folder.glob(".sonic-*/*.mp4")) - seen):
                time.sleep(0.02)
            seen |= drawn
            os.kill(workers[count - 1]._process.pid, signal.SIGKILL)

    with private_folder(order.folder) as neighbour:  # of another shard
        killing = threading.Thread(target=kill_all)
        killing.start()
        (outcome,) = dispatch([task], Watched(Equipment(), 1))
        killing.join()
        assert outcome.error["code"] == "worker_lost"
        assert list(order.folder.iterdir()) == [neighbour]


def test_what_no_item_can_survive_ends_the_batch(tasks):
    with pytest.raises(ModelNotFoundError):
        list(dispatch(tasks, ProcessCrew(Equipment("nothing"), 1)))


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_batch_leaves_finished_work_and_nothing_half_written(
    long_folder, tmp_path, quick_flags, lines, number
):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "sonic", "batch", long_folder, "-o", out, *quick_flags[:-2]]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        while not (
            out.exists() and len(list(out.glob(".sonic-*"))) == 1 and len(list(out.glob("*.mp4"))) == 2
        ):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does: all of them hear it
        else:
            process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert err.strip() == ("error: stopped" if number == signal.SIGINT else "")
    deadline = time.monotonic() + 30
    while list(out.glob(".sonic-*")):  # the worker notices that it is alone
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert sorted(line["output"] for line in lines(out)) == sorted(path.name for path in out.glob("*.mp4"))


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_the_next_run_removes_what_one_left_that_was_killed_with_all_workers(
    batch, long_folder, tmp_path, quick_flags
):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "sonic", "batch", long_folder, "-o", out, *quick_flags[:-2]]
    with subprocess.Popen(command, start_new_session=True) as process:
        while not list(out.glob(".sonic-*/*zz*.mp4")):
            assert process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
    assert list(out.glob(".sonic-*/*zz*.mp4"))
    (long_folder / "zz.wav").unlink()
    deadline = time.monotonic() + 30
    while list(out.glob(".sonic-*")):  # the worker may take a moment to die
        batch(long_folder, "-o", out)
        assert time.monotonic() < deadline
    assert len(list(out.glob("*.mp4"))) == 4  # two of a second each, and those of the whole recordings
