from __future__ import annotations

import numpy as np
import pytest

from sonic.motion.resample import resample


def wave(rate, count):
    time = np.arange(count) / rate
    return np.stack([np.sin(2 * np.pi * time), np.cos(3 * np.pi * time)], axis=1).astype(np.float32)


@pytest.mark.parametrize("target", [10.0, 24.0, 25.0, 29.97, 60.0])
@pytest.mark.parametrize("sizes", [[102], [1] * 102, [7, 50, 0, 45]])
def test_exactly_the_asked_frames_whatever_the_chunks(target, sizes):
    source = wave(25, 102)
    count = round(4 * target)
    chunks = np.split(source, np.cumsum(sizes)[:-1])
    result = np.concatenate(list(resample(chunks, 25, target, count)))
    assert result.shape == (count, 2)
    assert result.dtype == np.float32
    assert np.abs(result - wave(target, count))[2:].max() < 0.01


def test_the_same_rate_changes_nothing():
    source = wave(25, 50)
    np.testing.assert_allclose(np.concatenate(list(resample([source], 25, 25, 48))), source[:48], atol=1e-6)


def test_the_last_vector_is_held():
    result = np.concatenate(list(resample([wave(25, 10)], 25, 25, 20)))
    np.testing.assert_allclose(result[10:], np.repeat(result[9:10], 10, axis=0), atol=1e-6)


def test_no_more_than_needed_is_waited_for():
    chunks = iter(np.split(wave(25, 100), 10))
    first = next(resample(chunks, 25, 25, 100))
    assert len(first) == 8
    assert len(list(chunks)) == 9
