from __future__ import annotations

import itertools

import av
import numpy as np
import pytest

import sonic
from sonic.face.landmarks import FaceTracker
from sonic.face.topology import FACE_OVAL
from sonic.media.footage import frames_at
from sonic.motion.eyes import lid_closure
from sonic.motion.head import fit_head
from sonic.motion.mouth import lip_opening
from sonic.motion.space import MotionSpace


@pytest.fixture(scope="module")
def space(model):
    return MotionSpace.load(model.folder / "space.safetensors")


@pytest.fixture(scope="module")
def other_words(speech_path):
    """The example's words, begun somewhere else."""
    with av.open(str(speech_path)) as container:
        rate = container.streams.audio[0].rate
        blocks = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    sound = np.concatenate(blocks).astype(np.float32) / 32768
    return sound[int(1.1 * rate) :], rate


@pytest.fixture(scope="module")
def dubbed(model, clip, other_words):
    return model.generate(audio=other_words, image=clip, duration=1.8, inference_steps=2, seed=5)


def faces(frames):
    tracker = FaceTracker()
    return np.stack([tracker.track(frame)[0] for frame in frames])


def test_the_mouth_speaks_anew_and_the_rest_stays(dubbed, clip, space):
    filmed = list(frames_at(clip, 20)[0])[:36]
    drawn = list(dubbed.frames())
    assert (dubbed.size, dubbed.fps, len(drawn)) == ((320, 320), 20, 36)

    before, after = faces(filmed), faces(drawn)
    outline = before[:, list(FACE_OVAL), :2]
    for frame, film, face in zip(drawn, filmed, outline, strict=True):
        eyes = int(face[:, 1].min() + 0.3 * np.ptp(face[:, 1]))
        assert (frame[:eyes] == film[:eyes]).all()  # brows and lids, and what is behind them

    (_, old), (_, new) = fit_head(before, space.template), fit_head(after, space.template)
    assert np.abs(lid_closure(new) - lid_closure(old)).mean() < 0.05
    take = dubbed._draw.__self__
    wanted = np.concatenate([lip_opening(chunk.displacement) for chunk in take.motion()])
    assert np.corrcoef(lip_opening(new), wanted)[0, 1] > 0.85
    assert np.corrcoef(lip_opening(old), wanted)[0, 1] < 0.6


def test_a_short_video_runs_back_and_on_again(model, clip, other_words):
    video = model.generate(audio=other_words, image=clip, duration=2.6, inference_steps=1, seed=5)
    assert video.frame_count == 52
    assert any("runs backwards" in warning for warning in video.warnings)
    assert sum(1 for _ in video.frames()) == 52


def test_options_that_find_nothing_to_do_are_named(model, clip, other_words):
    video = model.generate(audio=other_words, image=clip, duration=0.5, gaze="still", fps=30, seed=1)
    assert any("fps, gaze does nothing" in warning for warning in video.warnings)
    assert video.config.fps == 20


def test_the_same_seed_gives_the_same_frames(dubbed):
    first, again = (np.stack(list(itertools.islice(dubbed.frames(), 6))) for _ in range(2))
    assert (first == again).all()


def film(path, pictures, rate=25):
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())
    return path


def test_videos_that_cannot_be_dubbed_are_refused(model, clip, other_words, tmp_path):
    grey = [np.full((96, 96, 3), 90, np.uint8)] * 30
    with pytest.raises(sonic.NoFaceError, match="shows a face in 0 of 30 frames"):
        model.generate(audio=other_words, image=film(tmp_path / "grey.mp4", grey))
    with pytest.raises(sonic.VideoError, match="at least one second"):
        model.generate(audio=other_words, image=film(tmp_path / "brief.mp4", grey[:5]))
    small = [np.ascontiguousarray(frame[::8, ::8]) for frame in frames_at(clip, 20)[0]]
    with pytest.raises(sonic.InputError, match="face"):
        model.generate(audio=other_words, image=film(tmp_path / "small.mp4", small))
