"""What is worn before the eyes, and hand-placed points, from the picture to the frames drawn."""

from __future__ import annotations

import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest

import sonic
from sonic.config import GenerateConfig
from sonic.face.points import FacePoints
from sonic.face.portrait import analyse_portrait
from sonic.face.topology import LEFT_EYE, RIGHT_EYE, eye_distance
from sonic.media.audio import AudioSource
from sonic.media.image import load_image
from sonic.pipeline import prepare

ALTERATIONS = runpy.run_path(str(Path(__file__).parents[1] / "scripts" / "alterations.py"))
SEED = 11


@pytest.fixture(scope="module")
def large(portrait_path):
    return cv2.resize(load_image(portrait_path), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="module")
def landmarks(large):
    return analyse_portrait(large).landmarks


@pytest.fixture(scope="module")
def take(model, large, landmarks, speech_path):
    """The example, altered, with the example voice, ready to be drawn."""

    def make(name, **options):
        image = ALTERATIONS[name](large, landmarks, np.random.default_rng(SEED))
        config = GenerateConfig(min_resolution=320, crop="face", inference_steps=2, seed=4, **options)
        return prepare(model._networks, config, AudioSource.open(speech_path), image)

    return make


def test_behind_sunglasses_nothing_moves(take):
    worn = take("with_sunglasses")
    assert any("Sunglasses" in warning for warning in worn.warnings)
    for chunk in worn.motion():
        assert not chunk.lids.any()
        assert not chunk.gaze.any()


def test_no_eye_is_drawn_on_the_lenses(take):
    worn = take("with_sunglasses", motion_scale=0.0, duration=1.2)
    canvas, landmarks = worn.subject.renderer.canvas, worn.subject.portrait.landmarks
    rest = canvas.cut(worn.subject.portrait.image)
    points = canvas.to_crop(landmarks)[:, :2]
    reach = 0.12 * float(eye_distance(landmarks)) * canvas.layout.scale
    for eye in (RIGHT_EYE, LEFT_EYE):
        low, high = points[list(eye)].min(axis=0) - reach, points[list(eye)].max(axis=0) + reach
        lens = tuple(slice(int(a), int(b)) for a, b in zip(low[::-1], high[::-1], strict=True))
        for frame in worn.frames():
            difference = np.abs(frame[lens].astype(int) - rest[lens].astype(int))
            assert difference.mean() < 1.5
            assert difference.max() < 40


def test_behind_glasses_eyes_blink_and_brows_move_less(take, model, large, speech_path):
    config = GenerateConfig(min_resolution=320, crop="face", inference_steps=2, seed=4)
    bare = prepare(model._networks, config, AudioSource.open(speech_path), large)
    plain, worn = ([chunk.displacement for chunk in each.motion()] for each in (bare, take("with_glasses")))
    brow = 105
    moved, damped = (np.concatenate(each)[:, brow].std(axis=0).sum() for each in (plain, worn))
    assert damped < 0.7 * moved
    assert np.concatenate([chunk.lids for chunk in take("with_glasses").motion()]).any()


def test_a_mask_over_the_mouth_is_refused(take, model, large, landmarks, speech_path):
    with pytest.raises(sonic.MouthCoveredError, match="use a picture with a free mouth"):
        take("masked")
    image = ALTERATIONS["masked"](large, landmarks, np.random.default_rng(SEED))
    assert not model.inspect(image).usable
    points = dict(FacePoints.of(landmarks).places)
    video = model.generate(audio=speech_path, image=image, face_points=points, min_resolution=256)
    assert video.frame_count  # whoever placed the points has seen the mouth


def test_a_face_that_nobody_finds_speaks_by_points(model, speech_path, quick):
    drawing = np.full((400, 400, 3), 240, np.uint8)
    with pytest.raises(sonic.NoFaceError, match="sonic annotate"):
        model.generate(audio=speech_path, image=drawing)
    points = {
        "right_eye_outer": (130, 150), "right_eye_inner": (175, 150), "left_eye_inner": (225, 150),
        "left_eye_outer": (270, 150), "nose_tip": (200, 205), "mouth_right": (165, 255),
        "mouth_left": (235, 255), "chin": (200, 320),
    }  # fmt: skip
    assert model.inspect(drawing, face_points=points).measures.face_width > 150
    video = model.generate(audio=speech_path, image=drawing, face_points=points, duration=0.2, **quick)
    assert len(list(video.frames())) == video.frame_count
    with pytest.raises(sonic.FacePointsError, match="lack"):
        model.generate(audio=speech_path, image=drawing, face_points={})
