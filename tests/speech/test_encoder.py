from __future__ import annotations

import numpy as np
import pytest

from sonic.media.audio import AudioSource
from sonic.speech.encoder import SpeechEncoder


@pytest.fixture(scope="module")
def encoder():
    return SpeechEncoder()


@pytest.fixture(scope="module")
def speech(speech_path):
    """The example recording, float32 mono at 16 kHz."""
    return AudioSource.open(speech_path).read(SpeechEncoder.sample_rate).ravel()


@pytest.mark.parametrize("samples", [1, 320, 321, 16_000, 64_001])
def test_one_feature_for_twenty_milliseconds(encoder, speech, samples):
    features = encoder.encode(speech[:samples])
    assert features.shape == (-(-samples // 320), encoder.dim)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()


def test_no_sound_has_no_features(encoder):
    assert encoder.encode(np.zeros(0, np.float32)).shape == (0, encoder.dim)


def test_blocks_of_any_size_give_the_same_features(encoder, speech):
    cuts = np.sort(np.random.default_rng(3).integers(0, len(speech), 25))
    streamed = np.concatenate(list(encoder.stream(np.split(speech, cuts))))
    np.testing.assert_allclose(streamed, encoder.encode(speech), atol=1e-4)


def test_the_stream_needs_only_four_seconds_of_future(encoder, speech):
    given = []

    def blocks():
        for start in range(0, len(speech), 1600):
            given.append(start + 1600)
            yield speech[start : start + 1600]

    done = 0
    for features in encoder.stream(blocks()):
        assert given[-1] - done * 320 <= 4.2 * 16_000
        done += len(features)
    assert done == -(-len(speech) // 320)


def test_what_comes_much_later_changes_nothing(encoder, speech):
    start = speech[: 2 * 16_000]
    followed = encoder.encode(np.concatenate([start, np.zeros(40_000, np.float32), speech]))
    # Only the last window of 25 ms at the cut hears a little more, and passes that on.
    assert np.abs(followed[:98] - encoder.encode(start)[:98]).mean() < 0.01


def test_windows_leave_no_seam(encoder, speech):
    plain = np.tile(speech, 3)
    shifted = np.concatenate([np.zeros(16_000, np.float32), plain])  # the seams fall half a window later
    steps = np.linalg.norm(np.diff(encoder.encode(plain), axis=0), axis=1)
    others = np.linalg.norm(np.diff(encoder.encode(shifted), axis=0), axis=1)
    assert 0.85 < steps[99::100].sum() / others[149::100].sum() < 1.18


def test_features_tell_sounds_apart_and_know_them_again(encoder, speech):
    once, later = (
        encoder.encode(speech),
        encoder.encode(np.concatenate([np.zeros(24_000, np.float32), speech])),
    )
    again = np.linalg.norm(once - later[75 : 75 + len(once)], axis=1).mean()
    spread = np.linalg.norm(once - once.mean(axis=0), axis=1).mean()
    assert again < 0.5 * spread
