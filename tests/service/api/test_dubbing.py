"""A video in place of the portrait."""

from __future__ import annotations

import pytest

from sonic.errors import AudioTooLongError, ImageTooLargeError
from sonic.service.reading import MediaLimits, check_portrait


@pytest.fixture(scope="module")
def clip(model, portrait_path, speech_path, tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    options = {"duration": 1.2, "crop": "face", "min_resolution": 256, "inference_steps": 1, "fps": 12}
    return model.generate(audio=speech_path, image=portrait_path, seed=3, **options).export(path)


def test_a_video_is_dubbed(live, order, clip):
    answer = order(live, image=clip.read_bytes(), config={"seed": 4, "duration": 0.6, "inference_steps": 1})
    assert answer.status_code == 202, answer.text
    done = live.get(answer.headers["location"], headers={"Prefer": "wait=60"}).json()
    while done["status"] not in {"succeeded", "failed"}:
        done = live.get(answer.headers["location"]).json()
    assert done["error"] is None
    assert done["metrics"]["fps"] == 12


def test_a_longer_video_than_is_taken_is_refused(clip):
    with pytest.raises(AudioTooLongError, match="cut it"):
        check_portrait(clip, MediaLimits(pixels=1_000_000, seconds=1.0))
    with pytest.raises(ImageTooLargeError):
        check_portrait(clip, MediaLimits(pixels=10_000, seconds=60.0))
