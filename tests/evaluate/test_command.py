from __future__ import annotations

import json
import sys

import pytest

from sonic.cli.app import run

FAST = ("--steps", "1", "--samples", "1")


@pytest.fixture
def call(capsys):
    """Runs `sonic evaluate`; gives exit code, standard output and standard error."""

    def evaluate(*arguments):
        code = run(["evaluate", *(str(argument) for argument in arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return evaluate


def test_a_model_is_judged_on_clips_and_voices(call, prepared, voices, tmp_path):
    pytest.importorskip("matplotlib", reason="the evaluate extra is not installed")
    code, out, err = call("sonic-base", prepared, "--voices", voices, "-o", tmp_path / "figures", *FAST)
    assert code == 0, err
    assert "| people | 4 | 3 |" in out
    assert "| xx | 1 | 2 |" in out or "| xx | 2 |" in out
    written = json.loads((tmp_path / "figures" / "evaluation.json").read_text())
    assert written["voices"]["all"]["bilabials"] == 4
    assert (tmp_path / "figures" / "evaluation.md").read_text().strip() == out.strip()
    names = {path.name for path in (tmp_path / "figures").glob("*.png")}
    assert names == {"correlations.png", "offsets.png", "curves.png", "closures.png"}


def test_voices_need_no_clips(call, voices):
    code, out, _ = call("sonic-base", "--voices", voices, "--json", *FAST)
    assert code == 0
    assert set(json.loads(out)["voices"]) == {"xx", "yy", "all"}


def test_without_matplotlib_tables_come_and_a_line_says_how_to_get_plots(call, voices, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    code, out, err = call("sonic-base", "--voices", voices, "-o", tmp_path, *FAST)
    assert code == 0
    assert "| all |" in out
    assert "sonic-portrait[evaluate]" in err
    assert (tmp_path / "evaluation.json").exists()
    assert not list(tmp_path.glob("*.png"))


def test_a_video_is_judged(call, video, portrait_path, tmp_path):
    code, out, _ = call(video, "--portrait", portrait_path, "-o", tmp_path, "-q")
    assert code == 0
    assert "| talk.mp4 | 2 | 1 |" in out
    assert json.loads((tmp_path / "evaluation.json").read_text())["videos"]["talk.mp4"]["likeness"] > 0.9


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["sonic-base"], "give MODEL DATA", 2),
        (["sonic-base", "{empty}"], "holds no shards", 2),
        (["sonic-bass", "{data}"], "did you mean 'sonic-base'", 3),
        (["sonic-base", "{data}", "--sampler", '{{"speed": 1}}'], "does not describe a sampler", 2),
        (["sonic-base", "{data}", "--portrait", "{portrait}"], "--portrait is for finished videos", 2),
        (["{video}", "--quick"], "--quick is for a model", 2),
        (["{portrait}"], "", 2),
        (["{video}", "--audio", "{portrait}"], "no sound", 2),
        (["sonic-base", "--voices", "{empty}"], "make_phone_voices", 2),
    ],
)
def test_mistakes_are_one_line(call, prepared, video, portrait_path, tmp_path, arguments, message, code):
    places = {"data": prepared, "video": video, "portrait": portrait_path, "empty": tmp_path}
    exit_code, _, err = call(*(text.format(**places) for text in arguments), "-q")
    assert exit_code == code
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message in err
