from __future__ import annotations

import numpy as np
import pytest

from sonic.media.audio import AudioSource
from sonic.speech.activity import FRAME, FRAME_SECONDS, SAMPLE_RATE, VoiceActivity, speech_spans


@pytest.fixture(scope="module")
def activity():
    return VoiceActivity()


@pytest.fixture(scope="module")
def speech(speech_path):
    return AudioSource.open(speech_path).read(SAMPLE_RATE)


def chances(activity, *blocks):
    return np.concatenate([np.zeros(0, np.float32), *activity.stream(blocks)])


def test_speech_is_heard_and_noise_is_not(activity, speech):
    noise = 0.05 * np.random.default_rng(0).standard_normal(3 * SAMPLE_RATE).astype(np.float32)
    heard = chances(activity, np.concatenate([noise, speech, noise]))
    edge = len(noise) // FRAME
    assert heard[: edge - 2].max() < 0.5
    assert np.mean(heard[edge : edge + len(speech) // FRAME] > 0.5) > 0.7


def test_blocks_of_any_size_give_the_same_chances(activity, speech):
    cuts = np.sort(np.random.default_rng(3).integers(0, len(speech), 25))
    streamed = chances(activity, *np.split(speech, cuts))
    np.testing.assert_allclose(streamed, chances(activity, speech), atol=1e-4)


@pytest.mark.parametrize("samples", [0, 1, FRAME, FRAME + 1, 300 * FRAME])
def test_one_chance_for_each_frame(activity, samples):
    assert len(chances(activity, np.zeros(samples, np.float32))) == -(-samples // FRAME)


def spans_of(*runs):
    """Spans of runs of (chance, frames)."""
    values = np.concatenate([np.full(frames, chance, np.float32) for chance, frames in runs])
    found = speech_spans(values, len(values) * FRAME_SECONDS)
    return [(round(span.start / FRAME_SECONDS), round(span.end / FRAME_SECONDS)) for span in found]


def test_spans_are_where_somebody_speaks_with_a_margin():
    assert spans_of((0, 20), (0.9, 30), (0, 20)) == [(18, 52)]


def test_short_pauses_are_bridged_and_long_ones_are_not():
    assert len(spans_of((0, 20), (0.9, 20), (0, 4), (0.9, 20), (0, 20))) == 1
    assert len(spans_of((0, 20), (0.9, 20), (0, 20), (0.9, 20), (0, 20))) == 2


def test_coughs_are_no_speech():
    assert spans_of((0, 20), (0.9, 3), (0, 20)) == []


def test_speech_must_be_likely_once_to_count():
    assert spans_of((0, 20), (0.4, 30), (0, 20)) == []
    assert spans_of((0, 20), (0.4, 10), (0.9, 5), (0.4, 10), (0, 20)) == [(18, 47)]


def test_spans_stay_within_the_recording():
    (span,) = speech_spans(np.full(10, 0.9, np.float32), 0.31)
    assert (span.start, span.end) == (0.0, 0.31)
    assert span.duration == 0.31
