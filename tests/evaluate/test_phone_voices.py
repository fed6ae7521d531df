from __future__ import annotations

import ctypes.util
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sonic.evaluate.phones import read_voices

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_phone_voices.py"
RATE = 16_000


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(SCRIPT))


def test_a_plosive_begins_where_the_sound_before_it_falls_silent(script):
    phone = script["Phone"]
    sound = np.sin(np.arange(RATE)).astype(np.float32)
    sound[3200:4000] = 0
    phones = [phone(0.0, 0.25, "a"), phone(0.25, 0.3, "p"), phone(0.3, 0.5, "m")]
    found = script["with_closures"](phones, sound, RATE)
    assert found[0].end == found[1].start == pytest.approx(0.2, abs=0.006)
    assert found[2] == phones[2]


def test_a_short_gap_belongs_to_the_plosive_after_it(script):
    phone = script["Phone"]
    phones = [phone(0.0, 0.05, "_"), phone(0.05, 0.1, "b")]
    assert script["with_closures"](phones, np.zeros(RATE, np.float32), RATE)[1].start == 0


def test_neighbouring_pauses_are_one(script):
    phone = script["Phone"]
    merged = script["merged"]([phone(0, 1, "_"), phone(1, 2, "_"), phone(2, 3, "a")])
    assert merged == [phone(0, 2, "_"), phone(2, 3, "a")]


@pytest.mark.skipif(not ctypes.util.find_library("espeak-ng"), reason="eSpeak NG is not installed")
def test_voices_are_made_with_their_phones(tmp_path):
    sentences = tmp_path / "sentences.tsv"
    sentences.write_text("part\tlanguage\ttext\ntest\ten-us\tMaybe Bob.\n", encoding="utf-8")
    command = [sys.executable, str(SCRIPT), str(tmp_path / "voices"), "--sentences", str(sentences)]
    subprocess.run(command, check=True, capture_output=True)
    voices = read_voices(tmp_path / "voices")
    assert len(voices) == 3
    assert all(sum(phone.bilabial for phone in voice.phones) == 4 for voice in voices)
