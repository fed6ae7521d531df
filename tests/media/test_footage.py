from __future__ import annotations

import av
import numpy as np
import pytest

from sonic.errors import InputError, NoAudioTrackError
from sonic.media.footage import frames_at, sound_after


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Two seconds at 30 frames a second whose brightness grows with time, with a click after one second."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width = stream.height = 32
        stream.pix_fmt, stream.options = "yuv420p", {"preset": "ultrafast"}
        voice = container.add_stream("aac", rate=16_000, layout="mono")
        for index in range(60):
            picture = np.full((32, 32, 3), 40 + 3 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())
        sound = np.zeros((1, 32_000), np.float32)
        sound[0, 16_000:16_400] = 0.8 * np.sin(np.arange(400) / 3)
        frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout="mono")
        frame.sample_rate = 16_000
        container.mux(voice.encode(frame))
        container.mux(voice.encode())
    return path


@pytest.mark.parametrize(("rate", "count"), [(25, 50), (30, 60), (50, 100)])
def test_frames_come_at_the_rate_asked_for(film, rate, count):
    frames, start = frames_at(film, rate)
    levels = np.array([frame.mean() for frame in frames])
    assert start == 0
    assert len(levels) == pytest.approx(count, abs=1)
    expected = 40 + 3 * 30 * np.arange(len(levels)) / rate
    assert np.abs(levels - expected).max() < 6


def test_sound_starts_with_the_picture(film):
    click = np.flatnonzero(np.abs(sound_after(film, 0.0, 16_000)) > 0.3)[0]
    later = np.flatnonzero(np.abs(sound_after(film, 0.5, 16_000)) > 0.3)[0]
    earlier = np.flatnonzero(np.abs(sound_after(film, -0.5, 16_000)) > 0.3)[0]
    assert (click - later, earlier - click) == (8000, 8000)


def test_what_is_missing_is_said(speech_path, portrait_path):
    with pytest.raises(InputError, match="no picture"):
        frames_at(speech_path, 25)
    with pytest.raises(NoAudioTrackError, match="no sound"):
        sound_after(portrait_path, 0.0, 16_000)
