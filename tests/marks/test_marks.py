from __future__ import annotations

import logging

import numpy as np
import pytest
from PIL import Image

import sonic
from sonic.config import GenerateConfig
from sonic.marks.marks import Marks
from sonic.media.digest import digest

PROVENANCE = {"generator": "sonic 0.0", "seed": 7}


@pytest.fixture(scope="module")
def make(model, quick, portrait_path, speech_path):
    """Makes a video of three frames."""

    def make(**options):
        chosen = quick | {"duration": 0.3, "fps": 10.0} | options
        return model.generate(audio=speech_path, image=portrait_path, **chosen)

    return make


@pytest.fixture(scope="module")
def video(make):
    return make(label="visible")


def test_labels_and_watermark_are_on_by_default_and_words_are_not():
    marks = Marks.of(GenerateConfig(), PROVENANCE)
    assert marks.label.produce_id.startswith(marks.watermark)
    assert marks.language is None
    assert marks.warnings == ()


def test_words_come_first_and_last_three_seconds():
    marks = Marks.of(GenerateConfig(label="visible", watermark=False), PROVENANCE)
    frames = [np.full((128, 128, 3), 200, np.uint8)] * 50
    changed = [bool((frame != 200).any()) for frame in marks.on(frames, fps=10.0)]
    assert changed == [True] * 30 + [False] * 20


def test_going_without_labels_is_logged_and_told(caplog):
    with caplog.at_level(logging.INFO, logger="sonic"):
        marks = Marks.of(GenerateConfig(label="none", watermark=False), PROVENANCE)
    assert (marks.label, marks.language, marks.watermark) == (None, None, None)
    assert "gets no label" in caplog.text
    assert "telling viewers is up to you" in marks.warnings[0]
    frames = [np.zeros((64, 64, 3), np.uint8)]
    assert next(marks.on(frames, 25.0)) is frames[0]


def test_frames_and_files_bear_the_same_marks(make, video, tmp_path):
    found = sonic.verify(video.export(tmp_path / "talk"))
    assert found.synthetic
    assert found.intact
    assert found.label.produce_id.startswith(found.watermark.mark)
    plain = make(label="none", watermark=False)
    for index, (shown, bare) in enumerate(zip(video.frames(), plain.frames(), strict=True)):
        with Image.open(tmp_path / "talk" / f"{index:05d}.png") as written:
            np.testing.assert_array_equal(np.asarray(written), shown)
        assert (shown != bare).any()


def test_inputs_are_named_by_their_content(video, portrait_path, speech_path):
    assert video.provenance["inputs"] == {"image": digest(portrait_path), "audio": digest(speech_path)}


def test_marks_that_contradict_each_other_are_told(make, video, tmp_path, monkeypatch):
    other = make(seed=8)
    monkeypatch.setattr(other, "_film", video._film)
    found = sonic.verify(other.export(tmp_path / "other.mp4"))
    assert found.synthetic
    assert not found.intact


def test_a_signed_export_verifies_and_a_refused_one_leaves_nothing(video, tmp_path, certified):
    path = video.export(tmp_path / "talk.mp4", sign=sonic.Signer(*certified))
    found = sonic.verify(path)
    assert found.credentials.state == "untrusted"
    assert found.credentials.inputs == video.provenance["inputs"]
    assert found.intact
    with pytest.raises(sonic.OutputPathError):
        video.export(tmp_path / "talk.webm", sign=sonic.Signer(*certified))
    assert list(tmp_path.iterdir()) == [path]
