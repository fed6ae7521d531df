from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sonic.errors import InputError
from sonic.evaluate.closures import by_language, score_opening
from sonic.evaluate.phones import Phone, Voice, read_phones, read_voices

PHONES = (
    Phone(0.0, 0.8, "_"), Phone(0.8, 0.92, "m"), Phone(0.92, 1.2, "a"), Phone(1.2, 1.32, "t"),
    Phone(1.32, 1.6, "i"), Phone(1.6, 1.68, "pʰ"), Phone(1.68, 2.0, "u"), Phone(2.0, 3.0, "_"),
)  # fmt: skip
VOICE = Voice(Path("en_a.wav"), PHONES)


def opening(**frames):
    series = np.full(75, 0.1)
    series[:20] = series[50:] = 0
    for name, value in frames.items():
        first, last = (int(part) for part in name[1:].split("_"))
        series[first:last] = value
    return series


def test_closures_and_vowels():
    score = score_opening(VOICE, opening(f20_22=0.0))
    assert score.depths.tolist() == [0.0, 0.1]
    assert len(score.vowels) == 0  # a, i and u all have a bilabial beside them, t none
    figures = by_language([score])["en"]
    assert figures["closed"] == 0.5
    assert figures["nearly"] == 0.5


def test_a_frame_too_late_still_counts_and_two_do_not():
    assert score_opening(VOICE, opening(f43_44=0.0)).depths[1] == 0
    assert score_opening(VOICE, opening(f44_45=0.0)).depths[1] == 0.1


def test_free_vowels_are_the_control():
    phones = [Phone(0, 0.4, "t"), Phone(0.4, 0.8, "a"), Phone(0.8, 1.2, "s")]
    score = score_opening(Voice(Path("en_b.wav"), phones), np.full(30, 0.01))
    assert by_language([score])["en"]["vowels_closed"] == 1


def test_speed_in_pauses():
    chatter = opening()
    chatter[55:70:2] = 0.04
    still, moving = score_opening(VOICE, opening()), score_opening(VOICE, chatter)
    assert still.pause_speed.max() == 0
    assert moving.pause_speed.mean() > 0.2


def test_overlapping_lips_are_closed_lips():
    assert score_opening(VOICE, opening(f20_22=-0.3)).depths[0] == 0


def test_voices_are_read(voices):
    found = read_voices(voices)
    assert [voice.language for voice in found] == ["xx", "yy"]
    assert [phone.name for phone in found[0].phones if phone.bilabial] == ["m", "b"]


def test_a_folder_without_voices_says_how_to_make_some(tmp_path):
    with pytest.raises(InputError, match="make_phone_voices"):
        read_voices(tmp_path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [("from\tto\n", "needs the columns"), ("start\tend\tphone\nnow\t1\ta\n", "no number")],
)
def test_damaged_tables_are_named(tmp_path, text, problem):
    path = tmp_path / "voice.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=problem):
        read_phones(path)
