from __future__ import annotations

import numpy as np
import pytest

from sonic.media.audio import AudioSource
from sonic.speech.denoise import FRAME, SAMPLE_RATE, Denoiser, cleaned


@pytest.fixture(scope="module")
def denoiser():
    return Denoiser()


@pytest.fixture(scope="module")
def speech(speech_path):
    return AudioSource.open(speech_path).read(SAMPLE_RATE)


@pytest.fixture(scope="module")
def noisy(speech):
    noise = np.random.default_rng(0).standard_normal(len(speech)).astype(np.float32)
    return speech + noise / noise.std() * speech.std() * np.float32(10 ** (-5 / 20))


def ratio(sound, clean):
    """Decibels of `clean`, at its best level, over what else is in `sound`."""
    part = clean * (sound @ clean) / (clean @ clean)
    return 10 * np.log10((part**2).sum() / ((sound - part) ** 2).sum())


def test_noise_goes_and_speech_stays(denoiser, speech, noisy):
    assert ratio(denoiser.clean(noisy), speech) > ratio(noisy, speech) + 5
    assert ratio(denoiser.clean(speech), speech) > 15


def test_a_residue_keeps_its_share_of_the_noise(denoiser, noisy):
    blocks = denoiser.stream([noisy], residue=0.3)
    mixed = np.float32(0.7) * denoiser.clean(noisy) + np.float32(0.3) * noisy
    np.testing.assert_allclose(np.concatenate(list(blocks)), mixed, atol=1e-5)


def test_every_sample_stays_in_its_place(denoiser, speech, noisy):
    clean = denoiser.clean(noisy)
    likeness = [speech[8:-8] @ np.roll(clean, -lag)[8:-8] for lag in range(-8, 9)]
    assert int(np.argmax(likeness)) == 8


@pytest.mark.parametrize("samples", [0, 1, 127, FRAME, FRAME + 1, 20_000])
def test_as_many_samples_come_out_as_go_in(denoiser, noisy, samples):
    assert denoiser.clean(noisy[:samples]).shape == (samples,)


def test_blocks_of_any_size_give_the_same_sound(denoiser, noisy):
    cuts = np.sort(np.random.default_rng(3).integers(0, len(noisy), 40))
    streamed = np.concatenate(list(denoiser.stream(np.split(noisy, cuts))))
    np.testing.assert_allclose(streamed, denoiser.clean(noisy), atol=1e-5)


def test_the_stream_lags_two_frames_at_most(denoiser, noisy):
    given = 0

    def blocks():
        nonlocal given
        for start in range(0, len(noisy), 160):
            given += 160
            yield noisy[start : start + 160]

    done = 0
    for block in denoiser.stream(blocks()):
        assert given - done <= 2 * FRAME
        done += len(block)


def test_a_cleaned_recording_is_read_like_any_other(denoiser, noisy):
    stereo = np.stack([noisy, noisy], axis=1)
    recording = cleaned(AudioSource.open((stereo, SAMPLE_RATE)))
    assert recording.channels == 1
    assert recording.probe().duration == pytest.approx(len(noisy) / SAMPLE_RATE)
    np.testing.assert_allclose(recording.read(), denoiser.clean(noisy), atol=1e-5)
    assert recording.read(48_000, 2).shape == (3 * len(noisy), 2)
