from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sonic.errors import InputError
from sonic.media.audio import AudioSource
from sonic.media.film import Film
from sonic.media.glance import glance
from sonic.media.mux import open_writer


def write(path, frame_count):
    audio = AudioSource.open((np.zeros(48_000, np.float32), 48_000))
    with open_writer(path, Film((64, 64), 25.0, frame_count, audio, {}), overwrite=True) as writer:
        for index in range(frame_count):
            writer.write(np.full((64, 64, 3), round(index * 255 / frame_count), np.uint8))
    return path


@pytest.mark.parametrize("name", ["film.mp4", "film.webm", "film.gif", "film"])
@pytest.mark.parametrize("frame_count", [20, 400])
def test_pictures_come_from_all_over_the_film(tmp_path, name, frame_count):
    brightness = [frame.mean() for frame in glance(write(tmp_path / name, frame_count), 6)]
    assert 4 <= len(brightness) <= 8
    if not (name.endswith("gif") and frame_count == 400):  # which can only be entered at its start
        assert max(brightness) - min(brightness) > 140


def test_a_picture_is_enough(tmp_path):
    Image.new("RGB", (80, 70)).save(tmp_path / "still.jpg")
    assert [frame.shape for frame in glance(tmp_path / "still.jpg", 6)] == [(70, 80, 3)]


def test_what_holds_no_pictures_is_refused(tmp_path, wav, tone):
    (tmp_path / "talk.wav").write_bytes(wav(tone(0.5)))
    (tmp_path / "text.mp4").write_text("no film")
    for name in ("missing.mp4", "talk.wav", "text.mp4"):
        with pytest.raises(InputError, match=name):
            list(glance(tmp_path / name, 6))
