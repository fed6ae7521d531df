from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import sonic
from sonic.errors import NoFaceError
from sonic.face.points import FacePoints
from sonic.media.image import load_image
from sonic.portraits import PortraitShelf
from sonic.progress import Reporter


@pytest.fixture(scope="module")
def config():
    return sonic.GenerateConfig(min_resolution=256, crop="face")


@pytest.fixture
def shelf(model):
    networks = model._networks
    return PortraitShelf(networks.sampler.space, networks.mouth, keep=2)


def test_a_portrait_is_analysed_once_however_it_comes(shelf, config, portrait_path):
    first = shelf.subject(portrait_path, config, Reporter(None))
    for again in (portrait_path.read_bytes(), Image.open(portrait_path), load_image(portrait_path)):
        assert shelf.subject(again, config, Reporter(None)).renderer is first.renderer
    louder = sonic.GenerateConfig.build(config, seed=3, emotion="happy", dynamic_scale=1.2)
    spoken = shelf.subject(portrait_path, louder, Reporter(None))
    assert (spoken.renderer, spoken.config) == (first.renderer, louder)


@pytest.mark.parametrize("change", [{"crop": "full"}, {"expand_ratio": 0.15}, {"min_resolution": 288}])
def test_what_matters_to_the_layers_is_prepared_anew(shelf, config, portrait_path, change):
    first = shelf.subject(portrait_path, config, Reporter(None))
    other = sonic.GenerateConfig.build(config, **change)
    assert shelf.subject(portrait_path, other, Reporter(None)).renderer is not first.renderer
    assert shelf.subject(portrait_path, config, Reporter(None)).renderer is first.renderer


def test_points_placed_by_hand_make_another_portrait(shelf, config, portrait_path):
    first = shelf.subject(portrait_path, config, Reporter(None))
    points = FacePoints.of(first.portrait.landmarks)
    by_hand = shelf.subject(portrait_path, config, Reporter(None), points)
    assert by_hand.renderer is not first.renderer
    again = shelf.subject(portrait_path, config, Reporter(None), FacePoints(dict(points.places)))
    assert again.renderer is by_hand.renderer


def test_the_oldest_is_forgotten(shelf, config, portrait_path):
    picture = load_image(portrait_path)
    first = shelf.subject(picture, config, Reporter(None))
    for shade in (1, 2):
        shelf.subject(np.minimum(picture, 255 - shade), config, Reporter(None))
    assert shelf.subject(picture, config, Reporter(None)).renderer is not first.renderer


def test_what_was_refused_is_refused_again(shelf, config):
    for _ in range(2):
        with pytest.raises(NoFaceError):
            shelf.subject(np.zeros((128, 128, 3), np.uint8), config, Reporter(None))


def test_frames_are_those_of_a_portrait_analysed_anew(model, portrait_path, speech_path, quick):
    options = quick | {"duration": 0.4, "fps": 10}
    forgetful = sonic.load_model(keep_portraits=0)
    for source in (speech_path, (np.roll(np.sin(np.arange(16_000) / 20).astype(np.float32), 7), 16_000)):
        ours = model.stream(audio=source, image=portrait_path, **options)
        theirs = forgetful.stream(audio=source, image=portrait_path, **options)
        np.testing.assert_array_equal(np.stack(list(ours)), np.stack(list(theirs)))
