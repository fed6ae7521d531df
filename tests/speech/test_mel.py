from __future__ import annotations

import numpy as np
import pytest

from sonic.speech.mel import MelStream, mel_filters


def whole(samples):
    mel = MelStream()
    return np.concatenate([mel.push(samples), mel.finish(len(samples))])


def test_the_filter_bank_is_slaneys():
    bank = mel_filters()
    # Values of the bank that Whisper ships, which librosa computed.
    assert bank.shape == (80, 201)
    assert bank[0, 1] == pytest.approx(0.02486259, abs=1e-7)
    assert bank[79].max() == pytest.approx(0.0031647, abs=1e-6)
    assert (np.diff(bank.argmax(axis=1)) >= 0).all()


def test_one_frame_for_ten_milliseconds():
    for samples in (1, 159, 160, 161, 16_000):
        assert whole(np.zeros(samples, np.float32)).shape == (-(-samples // 160), 80)


def test_a_frame_is_the_log_of_the_mel_power_around_its_sample():
    samples = np.random.default_rng(0).normal(size=4000).astype(np.float32)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    power = np.abs(np.fft.rfft(samples[1600 - 200 : 1600 + 200] * window)) ** 2
    np.testing.assert_allclose(whole(samples)[10], np.log10(mel_filters() @ power), atol=1e-4)


def test_blocks_of_any_size_give_the_same_frames():
    generator = np.random.default_rng(2)
    samples = generator.normal(size=20_011).astype(np.float32)
    mel = MelStream()
    blocks = np.split(samples, np.sort(generator.integers(0, len(samples), 40)))
    pieces = [*(mel.push(block) for block in blocks), mel.finish(len(samples))]
    np.testing.assert_allclose(np.concatenate(pieces), whole(samples), atol=1e-5)


def test_a_tone_lights_its_own_band():
    time = np.arange(16_000) / 16_000
    frame = whole(np.sin(2 * np.pi * 1000 * time).astype(np.float32))[50]
    centre = mel_filters()[frame.argmax()].argmax() * 40  # hertz
    assert abs(centre - 1000) <= 80
