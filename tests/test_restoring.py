"""The option `restore`, from the picture to what is drawn, reported and warned of."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from sonic.config import GenerateConfig
from sonic.media.audio import AudioSource
from sonic.media.image import load_image
from sonic.pipeline import prepare, redrawn
from sonic.progress import STAGES


@pytest.fixture(scope="module")
def take(model, portrait_path, tone):
    """The example at three fifths of its size, with a face of 53 pixels, ready to be drawn."""
    small = cv2.resize(load_image(portrait_path), (300, 300), interpolation=cv2.INTER_AREA)

    def make(reports, **options):
        config = GenerateConfig(
            **{"min_resolution": 320, "crop": "face", "inference_steps": 1, "seed": 4} | options
        )
        audio = AudioSource.open((tone(0.4), 16_000))
        return prepare(model._networks, config, audio, small, reports.append)

    return make


def test_a_restored_face_is_drawn_in_its_place_at_every_size(take):
    reports = []
    restored, plain = take(reports, restore="auto"), take([])
    stages = list(dict.fromkeys(report.stage for report in reports))
    assert stages == ["audio", "portrait", "restore"] == [name for name in STAGES if name in stages]
    assert any("restored" in warning for warning in restored.warnings)
    for before, after in (
        (plain, restored),
        (redrawn(plain, larger(plain)), redrawn(restored, larger(restored))),
    ):
        pixels = [next(take.frames()).astype(np.float32) for take in (before, after)]
        edges = [np.abs(cv2.Laplacian(frame, cv2.CV_32F)).mean() for frame in pixels]
        assert edges[1] > 1.05 * edges[0]
        assert np.abs(pixels[1] - pixels[0]).mean() < 6


def larger(take):
    return GenerateConfig.build(take.config, min_resolution=480)


def test_nothing_is_restored_unless_asked_for(take):
    plain = take([])
    assert not any("restored" in warning for warning in plain.warnings)
    assert plain.subject.portrait.detail is None
    assert any("restore 'auto'" in warning for warning in take([], min_resolution=640).warnings)
