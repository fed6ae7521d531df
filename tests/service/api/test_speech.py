"""Voices and speech over HTTP, with a synthesiser that is a shell script."""

from __future__ import annotations

import pytest

from sonic.service.synthesis import LONGEST_TEXT, Synthesiser, Voice


@pytest.fixture
def synthesiser(tmp_path, monkeypatch, small_wav):
    """Lets the server find an engine that says the same whatever it is given."""
    said, program = tmp_path / "said.wav", tmp_path / "espeak-ng"
    said.write_bytes(small_wav)
    program.write_text(f'#!/bin/sh\nfor last; do :; done\ncp {said} "$last"\n')
    program.chmod(0o755)
    engine = Synthesiser("espeak-ng", str(program), (Voice("en", "English", "en"),))
    monkeypatch.setattr("sonic.service.api.speech.installed", lambda: engine)


@pytest.mark.usefixtures("synthesiser")
def test_text_becomes_a_wav_file(live, small_wav):
    voices = live.get("/v1/voices").json()
    assert voices["data"] == [{"id": "en", "name": "English", "language": "en"}]
    answer = live.post("/v1/speech", json={"text": "Hello", "voice": voices["data"][0]["id"]})
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.content == small_wav


@pytest.mark.usefixtures("synthesiser")
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"text": "Hello", "voice": "--help"}, 422, "speech_voice"),
        ({"text": " ", "voice": "en"}, 422, "speech_text"),
        ({"text": "a" * (LONGEST_TEXT + 1), "voice": "en"}, 400, "invalid_request"),
        ({"text": "Hello"}, 400, "invalid_request"),
        (["Hello"], 400, "invalid_request"),
    ],
)
def test_what_cannot_be_spoken_is_a_problem(live, problem, body, status, code):
    problem(live.post("/v1/speech", json=body), status, code)


def test_without_a_synthesiser_there_are_no_voices(live, problem, monkeypatch):
    monkeypatch.setattr("sonic.service.api.speech.installed", lambda: None)
    assert live.get("/v1/voices").json()["data"] == []
    problem(live.post("/v1/speech", json={"text": "Hello", "voice": "en"}), 404, "speech_unavailable")
