from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import sonic
from sonic.errors import NoFaceError
from sonic.face.points import FacePoints
from sonic.media.image import load_image
from sonic.portraits import PortraitPreparer


@pytest.fixture(scope="module")
def config():
    return sonic.GenerateConfig(min_resolution=256, crop="face")


@pytest.fixture
def preparer(model):
    networks = model._networks
    return PortraitPreparer(networks.sampler.space, networks.portraits._mouth, keep=2)


def test_a_portrait_is_analysed_once_however_it_comes(preparer, config, portrait_path):
    first = preparer.prepare(portrait_path, config, None)
    for again in (portrait_path.read_bytes(), Image.open(portrait_path), load_image(portrait_path)):
        assert preparer.prepare(again, config, None) is first
    louder = sonic.GenerateConfig.build(config, seed=3, emotion="happy", dynamic_scale=1.2)
    assert preparer.prepare(portrait_path, louder, None) is first


@pytest.mark.parametrize("change", [{"crop": "full"}, {"expand_ratio": 0.15}, {"min_resolution": 288}])
def test_what_matters_to_the_layers_is_prepared_anew(preparer, config, portrait_path, change):
    first = preparer.prepare(portrait_path, config, None)
    other = sonic.GenerateConfig.build(config, **change)
    assert preparer.prepare(portrait_path, other, None) is not first
    assert preparer.prepare(portrait_path, config, None) is first


def test_points_placed_by_hand_make_another_portrait(preparer, config, portrait_path):
    first = preparer.prepare(portrait_path, config, None)
    points = FacePoints.of(first.portrait.landmarks)
    by_hand = preparer.prepare(portrait_path, config, points)
    assert by_hand is not first
    assert preparer.prepare(portrait_path, config, FacePoints(dict(points.places))) is by_hand


def test_the_oldest_is_forgotten(preparer, config, portrait_path):
    picture = load_image(portrait_path)
    first = preparer.prepare(picture, config, None)
    for shade in (1, 2):
        preparer.prepare(np.minimum(picture, 255 - shade), config, None)
    assert preparer.prepare(picture, config, None) is not first


def test_what_was_refused_is_refused_again(preparer, config):
    for _ in range(2):
        with pytest.raises(NoFaceError):
            preparer.prepare(np.zeros((128, 128, 3), np.uint8), config, None)


def test_frames_are_those_of_a_portrait_analysed_anew(model, portrait_path, speech_path, quick):
    options = quick | {"duration": 0.4, "fps": 10}
    forgetful = sonic.load_model(keep_portraits=0)
    for source in (speech_path, (np.roll(np.sin(np.arange(16_000) / 20).astype(np.float32), 7), 16_000)):
        ours = model.stream(audio=source, image=portrait_path, **options)
        theirs = forgetful.stream(audio=source, image=portrait_path, **options)
        np.testing.assert_array_equal(np.stack(list(ours)), np.stack(list(theirs)))
