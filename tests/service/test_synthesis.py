"""Text becomes speech where a synthesiser is installed, and nothing but text gets to it."""

from __future__ import annotations

import pytest

import sonic
from sonic.errors import ServiceError
from sonic.service.synthesis import LONGEST_TEXT, Synthesiser, Voice, find_synthesiser


@pytest.fixture(scope="module")
def engine():
    found = find_synthesiser()
    if found is None:
        pytest.skip("neither espeak-ng nor flite is installed")
    return found


def test_text_becomes_a_recording(engine):
    english = next(voice.id for voice in engine.voices if voice.language.startswith("en"))
    recording = engine.speak("-f /etc/hostname <b>is</b> only text; so is $(this).", english)
    assert sonic.inspect_audio(recording).duration > 1.5


def test_every_voice_has_one_id(engine):
    ids = [voice.id for voice in engine.voices]
    assert len(ids) == len(set(ids)) > 0
    assert not [one for one in ids if one.startswith("-")]


@pytest.fixture
def made_up(tmp_path):
    """Makes an engine out of a shell script."""

    def make(script):
        program = tmp_path / "espeak-ng"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return Synthesiser("espeak-ng", str(program), (Voice("en", "English", "en"),))

    return make


@pytest.mark.parametrize(
    ("text", "voice", "code"),
    [
        ("  ", "en", "speech_text"),
        ("a" * (LONGEST_TEXT + 1), "en", "speech_text"),
        ("Hello", "--help", "speech_voice"),
    ],
)
def test_what_cannot_be_spoken_never_reaches_the_engine(made_up, text, voice, code):
    with pytest.raises(ServiceError) as caught:
        made_up("exit 9").speak(text, voice)
    assert caught.value.code == code


@pytest.mark.parametrize("script", ["exit 1", "exit 0"])
def test_an_engine_that_fails_is_one_sentence(made_up, script):
    with pytest.raises(ServiceError, match="could not be spoken") as caught:
        made_up(script).speak("Hello", "en")
    assert caught.value.code == "speech_failed"


def test_no_engine_on_the_path_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_synthesiser() is None
