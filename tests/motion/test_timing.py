from __future__ import annotations

import numpy as np
import pytest

from sonic.errors import WeightsError
from sonic.media.audio import AudioSource
from sonic.motion.resample import cubic
from sonic.motion.sampler import FeatureBuffer
from sonic.motion.space import FRAME_RATE
from sonic.motion.sync import SyncTowers
from sonic.motion.timing import LipTiming, peak_of
from sonic.speech.encoder import SpeechEncoder

BLOCK = 108


@pytest.fixture(scope="module")
def spoken(sampler, speech_path):
    """Motion made for the example's speech [T, dim], and the speech's features [2 T, F]."""
    encoder, audio = SpeechEncoder(), AudioSource.open(speech_path)
    features = FeatureBuffer(encoder.stream(audio.blocks(encoder.sample_rate)))
    frames = round(audio.probe().duration * FRAME_RATE)
    rows = features.take(0, frames)
    return np.concatenate(list(sampler.stream([rows], frames=frames, seed=1, steps=2))), rows


def in_time(sampler, motion, rows):
    cuts = np.arange(BLOCK, len(motion), BLOCK)
    blocks = zip(np.split(motion, cuts), np.split(rows, 2 * cuts), strict=True)
    return np.concatenate(list(LipTiming(sampler.space, sampler.towers).correct(blocks)))


def late_by(frames, motion, space):
    late, mouth = motion.copy(), space.groups["mouth"]
    late[:, mouth] = cubic(motion[:, mouth], np.arange(len(motion)) - frames)
    return late


@pytest.mark.parametrize("milliseconds", [-50, -40, -30, -20, -10, 10, 20, 30, 40, 50])
def test_lips_are_put_in_time_to_ten_milliseconds(sampler, spoken, milliseconds):
    motion, rows = spoken
    space = sampler.space
    late = late_by(milliseconds * FRAME_RATE / 1000, motion, space)
    expected = in_time(sampler, motion, rows)
    corrected = in_time(sampler, late, rows)
    assert corrected.shape == motion.shape
    left = np.arange(-60, 61, 2)
    fits = [
        np.corrcoef(
            space.opening(corrected), space.opening(late_by(lag * FRAME_RATE / 1000, expected, space))
        )[0, 1]
        for lag in left
    ]
    assert abs(left[np.argmax(fits)]) <= 10


def test_nothing_but_the_mouth_moves(sampler, spoken):
    motion, rows = spoken
    mouth = sampler.space.groups["mouth"]
    corrected = in_time(sampler, late_by(1, motion, sampler.space), rows)
    assert np.array_equal(np.delete(corrected, mouth, 1), np.delete(motion, mouth, 1))


def test_a_moment_is_too_short_for_a_lag(sampler, spoken):
    motion, rows = spoken
    assert np.array_equal(in_time(sampler, motion[:10], rows[:20]), motion[:10])


def test_silence_has_no_lag_worth_a_movement(sampler):
    rest = np.zeros((60, sampler.space.dim), np.float32)
    corrected = in_time(sampler, rest, np.zeros((120, 384), np.float32))
    assert np.array_equal(corrected, rest)


def test_the_peak_lies_between_the_values():
    assert peak_of(1 - (np.arange(-4, 5) - 0.3) ** 2 / 20) == pytest.approx(0.3)
    assert peak_of(np.ones(9)) == 0
    assert peak_of(np.arange(9.0)) == 0
    assert peak_of(np.array([1.0, 2, 2, 2, 1])) == -1.0 + 0.5


def test_towers_that_are_none_are_named(tmp_path):
    with pytest.raises(WeightsError, match="holds no sync"):
        SyncTowers(tmp_path, "sync.json")
    (tmp_path / "sync.json").write_text('{"format": 2}')
    with pytest.raises(WeightsError, match="format 2"):
        SyncTowers(tmp_path, "sync.json")
