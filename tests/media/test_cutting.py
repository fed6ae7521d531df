from __future__ import annotations

import wave

import numpy as np
import pytest

from sonic.errors import OutputPathError
from sonic.media.audio import AudioSource
from sonic.media.cutting import FADE_SECONDS, cut, silence, write_cuts

RATE = 1000
SOUND = np.arange(1, 10 * RATE + 1, dtype=np.float32)


@pytest.mark.parametrize("size", [1, 7, 1000, 20_000])
def test_stretches_are_cut_out_of_blocks_of_any_size(size):
    blocks = [SOUND[k : k + size] for k in range(0, len(SOUND), size)]
    stretches = [(0, 3), (2, 10), (4000, 4000), (5000, 6001), (9999, 12_000), (13_000, 14_000)]
    for (start, end), samples in zip(stretches, cut(blocks, stretches), strict=True):
        np.testing.assert_array_equal(samples, SOUND[start:end])


@pytest.mark.parametrize("size", [7, 1000, 20_000])
def test_silenced_stretches_are_silent_and_nothing_else(size):
    blocks = [SOUND[k : k + size] for k in range(0, len(SOUND), size)]
    heard = np.concatenate(list(silence(blocks, [(2.0, 3.0), (5.0, 5.5)], RATE)))
    time, fade = np.arange(len(SOUND)) / RATE, FADE_SECONDS
    inside = ((time > 2) & (time < 3)) | ((time > 5) & (time < 5.5))
    outside = ((time < 2 - fade) | (time > 3 + fade)) & ((time < 5 - fade) | (time > 5.5 + fade))
    assert not heard[inside].any()
    np.testing.assert_array_equal(heard[outside], SOUND[outside])


def test_cuts_are_written_as_files(tmp_path, tone):
    sound = tone(2.0)
    audio = AudioSource.open((sound, 16_000))
    files = write_cuts(audio, tmp_path / "parts", {"one.wav": (0.5, 1.0), "two.wav": (1.0, 1.25)})
    assert [file.name for file in files] == ["one.wav", "two.wav"]
    assert sorted(tmp_path.glob("parts/*")) == files
    with wave.open(str(files[1])) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16_000, 1, 4000)
        samples = np.frombuffer(file.readframes(4000), "<i2") / 32767
    np.testing.assert_allclose(samples, sound[16_000:20_000], atol=1e-4)


def test_a_folder_that_cannot_be_made_is_named(tmp_path, tone):
    (tmp_path / "file").touch()
    with pytest.raises(OutputPathError, match="file"):
        write_cuts(AudioSource.open((tone(1.0), 16_000)), tmp_path / "file", {"one.wav": (0, 0.5)})
