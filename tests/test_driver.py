from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sonic.config import GenerateConfig
from sonic.driver import Driver, _spilled, compensated, driver_gain
from sonic.errors import SpeakerError
from sonic.media.audio import AudioSource
from sonic.motion.controls import Controls
from sonic.speech.activity import Span
from sonic.speech.encoder import SpeechEncoder
from sonic.speech.survey import Survey

RATE = 16_000


@pytest.fixture(scope="module")
def speech(speech_path):
    return AudioSource.open(speech_path).read(RATE)


@pytest.fixture(scope="module")
def noisy(speech):
    noise = np.random.default_rng(0).standard_normal(len(speech)).astype(np.float32)
    return speech + noise * np.float32(10 ** (-27 / 20))


@pytest.fixture(scope="module")
def encoder():
    return SpeechEncoder()


def driver_of(samples, **options):
    audio = AudioSource.open((samples, RATE))
    return Driver.of(audio, audio.probe(), GenerateConfig(**options))


def test_only_noisy_speech_is_cleaned_by_itself(speech, noisy, tone):
    assert driver_of(noisy).denoised
    assert not driver_of(speech).denoised
    assert not driver_of(tone(3.0)).denoised


def test_cleaning_is_done_or_not_as_asked(speech, noisy):
    assert driver_of(speech, denoise="on").denoised
    assert not driver_of(noisy, denoise="off").denoised


def test_speech_comes_at_one_level_whatever_the_noise(speech, noisy):
    quiet, loud, hissing = (driver_of(s, denoise="off") for s in (speech * np.float32(0.3), speech, noisy))
    assert 20 * np.log10(quiet.gain / loud.gain) == pytest.approx(10.5, abs=0.5)
    assert 20 * np.log10(hissing.gain / loud.gain) == pytest.approx(0, abs=2.5)


def test_a_recording_far_too_quiet_is_not_blown_up_without_limit():
    assert driver_gain(-120.0) == driver_gain(-60.0)


def test_cleaned_speech_sounds_more_like_clean_speech(speech, noisy, encoder):
    def features(driver):
        return np.concatenate(list(driver.features(encoder, 5.0)))

    wanted = features(driver_of(speech))
    dirty, clean = features(driver_of(noisy, denoise="off")), features(driver_of(noisy))
    assert clean.shape == wanted.shape == (250, encoder.dim)
    assert np.square(clean - wanted).mean() < 0.85 * np.square(dirty - wanted).mean()


def test_a_quiet_speaker_is_as_loud_as_the_others_when_chosen(speech):
    high = np.interp(np.arange(0, len(speech), 1.5), np.arange(len(speech)), speech).astype(np.float32)
    pause = np.zeros(8000, np.float32)
    sound = np.concatenate([speech[:50_000], pause, 0.2 * high[:45_000], pause, speech[50_000:]])
    main, second = driver_of(sound, speaker="main"), driver_of(sound, speaker=2)
    assert 20 * np.log10(second.gain / main.gain) == pytest.approx(14, abs=3)
    others = [np.concatenate(list(driver.sound(10.0)))[64_000:100_000] for driver in (main, second)]
    assert not others[0].any()
    assert others[1].std() > 0.05
    with pytest.raises(SpeakerError, match="only 2"):
        driver_of(sound, speaker=3)


def test_soft_edges_of_a_strangers_words_are_silenced_and_the_speakers_own_are_kept():
    own = [(3.0, 6.0), (9.0, 12.0)]
    assert _spilled((0.4, 2.0), own) == (0.0, 2.5)
    assert _spilled((0.4, 2.9), own) == (0.0, 2.9)
    assert _spilled((6.5, 8.4), own) == (6.25, 8.75)
    assert _spilled((13.0, 14.0), own) == (12.5, 14.5)


def a_survey(**changes):
    heard = Survey(
        duration=5.0, speech=(Span(0.0, 5.0),), speech_level=-20.0, noise_level=-60.0, brightness=-12.0
    )
    return replace(heard, **changes)


def test_clear_speech_needs_no_compensation():
    assert compensated(Controls(), a_survey()) == Controls()


@pytest.mark.parametrize("changes", [{"noise_level": -24.0}, {"brightness": -35.0}])
def test_noise_and_dullness_raise_mouth_and_head_together(changes):
    raised = compensated(Controls(), a_survey(**changes))
    assert 1 < raised.dynamic_scale <= 1.2
    assert raised.motion_scale - 1 == pytest.approx((raised.dynamic_scale - 1) / 2)


def test_compensation_has_a_limit():
    raised = compensated(Controls(), a_survey(noise_level=-10.0, brightness=-80.0))
    assert raised.dynamic_scale == pytest.approx(1.2)


def test_amplitudes_that_were_chosen_are_left_alone():
    dull = a_survey(brightness=-40.0)
    assert compensated(Controls(dynamic_scale=1.1), dull) == Controls(dynamic_scale=1.1)
    assert compensated(Controls(motion_scale=0.5), dull).motion_scale == 0.5


def test_what_is_decided_is_said(speech, noisy):
    def notes(samples, **options):
        driver = driver_of(samples, **options)
        return list(driver.notes(compensated(Controls(), driver.survey), GenerateConfig(**options)))

    assert notes(speech) == []
    said = notes(noisy)
    assert "noisy" in said[0]
    assert "dynamic_scale" in said[1]
