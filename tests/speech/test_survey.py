from __future__ import annotations

import numpy as np
import pytest

from sonic.media.audio import AudioSource
from sonic.speech.survey import CLEANEST, survey


@pytest.fixture(scope="module")
def speech(speech_path):
    return AudioSource.open(speech_path).read(16_000)


@pytest.fixture(scope="module")
def clean(speech):
    return survey([speech])


def with_noise(speech, level, decibels):
    """The speech with white noise that is `decibels` below speech of a level in dB."""
    noise = np.random.default_rng(0).standard_normal(len(speech)) * 10 ** ((level - decibels) / 20)
    return (speech + noise).astype(np.float32)


@pytest.mark.parametrize("decibels", [0, 5, 10])
def test_the_ratio_is_that_of_the_mixture(speech, clean, decibels):
    heard = survey([with_noise(speech, clean.speech_level, decibels)])
    assert heard.ratio == pytest.approx(decibels, abs=2)
    assert heard.speech_level == pytest.approx(clean.speech_level, abs=2)


def test_a_reading_at_home_is_far_above_its_noise(clean):
    assert clean.ratio > 17
    assert clean.has_speech


def test_silence_that_an_editor_put_in_does_not_hide_the_noise(speech, clean):
    noisy = with_noise(speech, clean.speech_level, 10)
    heard = survey([np.concatenate([np.zeros(64_000, np.float32), noisy])])
    assert heard.ratio == pytest.approx(10, abs=2)


def test_louder_sound_is_louder_and_nothing_else(speech, clean):
    quiet = survey([speech * np.float32(0.1)])
    assert quiet.speech_level == pytest.approx(clean.speech_level - 20, abs=1)
    assert quiet.ratio == pytest.approx(clean.ratio, abs=2)
    assert quiet.brightness == pytest.approx(clean.brightness, abs=1)


def test_a_blanket_over_the_microphone_makes_a_voice_dull(speech, clean):
    spectrum = np.fft.rfft(speech)
    hertz = np.fft.rfftfreq(len(speech), 1 / 16_000)
    dull = np.fft.irfft(spectrum / (1 + (hertz / 800) ** 4), len(speech)).astype(np.float32)
    assert survey([dull]).brightness < -30 < -20 < clean.brightness


def test_hum_is_no_speech(tone):
    heard = survey([tone(3.0)])
    assert not heard.has_speech
    assert heard.speech == ()


def test_nothing_at_all_can_be_surveyed():
    for blocks in ([], [np.zeros(0, np.float32)], [np.zeros(32_000, np.float32)]):
        heard = survey(blocks)
        assert heard.speech == ()
        assert heard.ratio <= CLEANEST


def test_blocks_of_any_size_give_the_same(speech, clean):
    heard = survey(np.split(speech, [100, 20_000, 20_001, 70_000]))
    assert heard.speech == clean.speech
    assert heard.ratio == pytest.approx(clean.ratio, abs=0.01)
