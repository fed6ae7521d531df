from __future__ import annotations

import json

import numpy as np
import pytest

import sonic
from sonic.cli.app import run
from sonic.cli.inspect import is_picture
from sonic.media.audio import AudioSource

RATE = 16_000


@pytest.fixture(scope="module")
def dialogue(speech_path, tmp_path_factory, wav):
    """Two voices in turn: the example's, and the same half an octave higher and faster."""
    speech = AudioSource.open(speech_path).read(RATE)
    high = np.interp(np.arange(0, len(speech), 1.5), np.arange(len(speech)), speech)
    pause = np.zeros(RATE // 2)
    path = tmp_path_factory.mktemp("dialogue") / "dialogue.wav"
    path.write_bytes(
        wav(np.concatenate([pause, speech[:48_000], pause, high[:40_000], pause, speech[48_000:]]))
    )
    return path


def test_it_says_who_speaks_when(dialogue, capsys):
    assert run(["inspect", str(dialogue)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert next(line.split()[-1] for line in lines if " to " in line) == "1"
    assert any(line.startswith("speaker 2") for line in lines)
    assert any("several_speakers" in line for line in lines)


def test_json_holds_everything(dialogue, capsys):
    assert run(["inspect", str(dialogue), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {turn["speaker"] for turn in report["turns"]} == {1, 2}
    assert report["duration"] == pytest.approx(AudioSource.open(dialogue).probe().duration)
    assert report["advice"][0]["code"] == "several_speakers"
    assert report["files"] == []


def test_cutting_writes_what_each_speaker_says(dialogue, tmp_path, capsys):
    assert run(["inspect", str(dialogue), "--cut", str(tmp_path / "parts"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert len(report["files"]) == len(report["turns"])
    for path, turn in zip(report["files"], report["turns"], strict=True):
        assert f"speaker-{turn['speaker']}" in path
        length = AudioSource.open(path).probe().duration
        assert length == pytest.approx(turn["end"] - turn["start"], abs=0.01)


def test_what_is_no_recording_is_one_sentence(tmp_path, capsys):
    path = tmp_path / "noise.wav"
    path.write_bytes(b"no sound at all")
    assert run(["inspect", str(path)]) == 2
    assert "noise.wav" in capsys.readouterr().err


def test_pictures_are_known_by_their_content(portrait_path, speech_path, tmp_path):
    assert is_picture(portrait_path)
    assert not is_picture(speech_path)
    disguised = tmp_path / "portrait.wav"
    disguised.write_bytes(portrait_path.read_bytes())
    assert is_picture(disguised)


def test_pictures_are_not_cut(portrait_path, tmp_path, capsys):
    assert run(["inspect", str(portrait_path), "--cut", str(tmp_path)]) == 2
    assert "--cut" in capsys.readouterr().err


def codes(samples):
    return [advice.code for advice in sonic.inspect_audio((samples, RATE)).advice]


def test_advice_names_what_is_wrong(speech_path, tone):
    speech = AudioSource.open(speech_path).read(RATE)
    noise = np.random.default_rng(0).standard_normal(len(speech)).astype(np.float32)
    assert codes(speech) == []
    assert codes(tone(3.0)) == ["no_speech"]
    assert "noisy" in codes(speech + np.float32(0.05) * noise)
    assert "quiet" in codes(speech * np.float32(0.02))
    assert "clipped" in codes(np.clip(speech * 4, -1, 1))
    assert "late" in codes(np.concatenate([np.zeros(4 * RATE, np.float32), speech]))
