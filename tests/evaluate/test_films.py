from __future__ import annotations

import av
import numpy as np
import pytest

from sonic.errors import InputError, NoFaceError
from sonic.evaluate.films import Seen, compare, judge_films, measure_film
from sonic.evaluate.pixels import background_leakage, flicker, mouth_sharpness, upper_face_likeness
from sonic.evaluate.watching import portrait_face, watch


@pytest.fixture(scope="module")
def seen(video):
    return Seen.of(watch(video))


def test_a_video_is_watched_once_and_whole(seen):
    assert len(seen.watched) == 50
    assert seen.watched.found.all()
    assert seen.watched.faces.shape == (50, 96, 96)
    assert len(seen.watched.sound) == pytest.approx(32_000, abs=400)


def test_figures_that_need_no_truth(seen, portrait_path):
    figures = measure_film(seen, None, portrait_face(portrait_path))
    assert figures.seconds == 2
    assert figures.face_found == 1
    assert figures.likeness > 0.9
    assert 0.6 < figures.sharpness < 2
    assert figures.drift < 0.02
    assert figures.flicker < 0.5
    assert np.isnan(figures.opening)


def test_a_video_agrees_with_itself(seen):
    figures = compare(measure_film(seen, None, None), seen, seen)
    assert figures.opening == pytest.approx(1)
    assert figures.lip_error == 0
    assert figures.amplitude == pytest.approx(1)


def test_videos_side_by_side_beside_a_reference(video):
    outcome = judge_films([video, video], reference=video)
    assert list(outcome.content["videos"]) == ["talk.mp4", "talk.mp4 (2)", "reference talk.mp4"]
    assert outcome.content["videos"]["talk.mp4"]["opening"] == pytest.approx(1)
    assert outcome.content["videos"]["reference talk.mp4"]["opening"] is None
    assert outcome.report.count("\n| talk.mp4") == 2


def noise_video(path, frames):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))))
        container.mux(stream.encode())
    return path


def test_useless_videos_are_refused(tmp_path, speech_path):
    with pytest.raises(NoFaceError, match="shows a face in 0 frames"):
        watch(noise_video(tmp_path / "dark.mp4", 25))
    with pytest.raises(InputError, match="lasts 5 frames"):
        watch(noise_video(tmp_path / "short.mp4", 5))
    with pytest.raises(InputError, match="no picture"):
        watch(speech_path)


def test_a_soft_mouth_is_seen():
    rng = np.random.default_rng(0)
    sharp = rng.integers(0, 255, (96, 96)).astype(np.uint8)
    faces, opening = np.stack([sharp] * 10), np.linspace(0, 1, 10)
    assert mouth_sharpness(faces, opening, sharp) == pytest.approx(1)
    soft = faces.copy()
    soft[2:, 50:] = soft[2:, 50:] // 2 + soft[2:, 49:-1] // 2
    assert mouth_sharpness(soft, opening, None) < 0.7


def test_changes_are_told_apart():
    changes = np.zeros((11, 3))
    changes[1:] = [4, 1, 0.5]
    assert background_leakage(changes) == pytest.approx(0.25)
    assert flicker(changes) == pytest.approx(0)
    changes[6, 2] = 10.5
    assert flicker(changes) == pytest.approx(1)


def test_another_face_is_no_likeness():
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 255, (2, 96, 96)).astype(np.uint8)
    still = np.zeros((3, 3))
    assert upper_face_likeness(np.stack([first] * 3), still, None) == pytest.approx(1)
    assert upper_face_likeness(np.stack([first, second, second]), still, None) < 0.3
    assert np.isnan(upper_face_likeness(np.stack([first] * 3), still + np.array([[0], [1], [1]]), None))
