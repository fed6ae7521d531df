from __future__ import annotations

import cv2
import numpy as np
import pytest

from sonic.face import restore
from sonic.face.check import inspect_portrait
from sonic.face.landmarks import face_width
from sonic.face.portrait import analyse_portrait, find_faces
from sonic.face.restore import FACTOR, Restoration, wants_restoring
from sonic.face.topology import eye_distance
from sonic.render.detail import lay_detail
from sonic.render.pixels import blur

SIDE = 300  # of the small picture; its face is 53 pixels wide


@pytest.fixture(scope="module")
def small(picture):
    return cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def small_portrait(small):
    return analyse_portrait(small)


@pytest.fixture(scope="module")
def restoration(small_portrait):
    return Restoration(small_portrait.image, small_portrait.landmarks, sharpness=1.0)


@pytest.fixture(scope="module")
def detail(restoration):
    return restoration.run()


@pytest.fixture(scope="module")
def enlarged(small, detail):
    """The small picture at the size of the example: by interpolation alone, and with the face restored."""
    plain = cv2.resize(small, (512, 512), interpolation=cv2.INTER_CUBIC)
    place = tuple(edge * 512 / SIDE for edge in detail.box)
    return plain, lay_detail(plain, detail, place)


def fineness(pixels):
    grey = pixels.astype(np.float32).mean(axis=-1)
    return grey - blur(grey, 1.5)


def test_restored_detail_is_the_detail_that_was_lost(picture, small_portrait, enlarged):
    points = small_portrait.landmarks[:468, :2] * 512 / SIDE
    (left, top), (right, bottom) = points.min(axis=0).astype(int), points.max(axis=0).astype(int)
    truth, plain, restored = (
        fineness(pixels[top:bottom, left:right]).ravel() for pixels in (picture, *enlarged)
    )
    assert np.std(plain) < 0.8 * np.std(truth)
    assert np.std(restored) == pytest.approx(np.std(truth), rel=0.2)
    assert np.corrcoef(restored, truth)[0, 1] > np.corrcoef(plain, truth)[0, 1] > 0.5


def test_the_person_stays_the_same(small, enlarged):
    plain, restored = enlarged
    again = (cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for pixels in (plain, restored))
    errors = [np.sqrt(np.square(pixels.astype(np.float32) - small).mean()) for pixels in again]
    assert errors[1] < errors[0] + 0.5 < 3.5
    before, after = (find_faces(pixels)[0].landmarks for pixels in (plain, restored))
    assert np.linalg.norm((before - after)[:, :2], axis=1).mean() < 0.02 * eye_distance(before)


def test_outside_the_face_nothing_changes(detail, enlarged):
    plain, restored = enlarged
    left, top, width, height = (round(edge * 512 / SIDE) for edge in detail.box)
    changed = (plain != restored).any(axis=-1)
    assert changed[top : top + height, left : left + width].mean() > 0.7
    changed[top - 1 : top + height + 2, left - 1 : left + width + 2] = False
    assert not changed.any()
    assert detail.pixels.shape[:2] == detail.weight.shape
    assert detail.weight[[0, -1]].max() < 0.1
    assert detail.weight.max() == pytest.approx(1, abs=0.01)


def test_strips_leave_no_seam(restoration, detail, small_portrait, monkeypatch):
    rows = len(detail.pixels) // FACTOR
    monkeypatch.setattr(restore, "STRIP", rows * rows // 2)
    parts = Restoration(small_portrait.image, small_portrait.landmarks, sharpness=1.0)
    assert parts.steps > restoration.steps == 1
    done = []
    difference = parts.run(done.append).pixels.astype(int) - detail.pixels
    assert done == list(range(1, parts.steps + 1))
    assert np.abs(difference).mean() < 1
    jumps = np.abs(np.diff(difference, axis=0)).mean(axis=(1, 2))
    assert jumps.max() < 3


def test_work_can_be_stopped_between_two_steps(restoration, monkeypatch):
    drawn = []

    def strips(_network):
        for _ in range(3):
            drawn.append(1)
            yield np.zeros((4, 4, 3), np.float32)

    def stop(done):
        if done == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(restoration, "_strips", strips)
    with pytest.raises(KeyboardInterrupt):
        restoration.run(stop)
    assert len(drawn) == 2


def test_blurred_faces_are_shrunk_to_what_they_show(picture, portrait):
    twice = cv2.resize(picture, (1024, 1024), interpolation=cv2.INTER_CUBIC)
    sharp, soft = (Restoration(twice, portrait.landmarks * 2, sharpness) for sharpness in (1.0, 0.3))
    widths = [
        work._small.shape[1] / work._part.shape[1] * 2 * face_width(portrait.landmarks)
        for work in (sharp, soft)
    ]
    assert widths == pytest.approx([restore.MOST, 0.3 * restore.SHARP_WIDTH], abs=2)


def test_only_small_or_blurred_faces_are_restored_by_themselves(portrait, picture):
    twice = analyse_portrait(cv2.resize(picture, (1024, 1024), interpolation=cv2.INTER_CUBIC))
    small, large = inspect_portrait(portrait), inspect_portrait(twice)
    assert [wants_restoring("auto", report) for report in (small, large)] == [True, False]
    assert [wants_restoring(choice, large) for choice in ("on", "off")] == [True, False]
    assert not wants_restoring("off", small)
