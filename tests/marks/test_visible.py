from __future__ import annotations

import numpy as np
import pytest

from sonic.config import LANGUAGES
from sonic.marks.visible import VisibleLabel
from sonic.marks.wording import WORDING


def test_every_language_has_its_words():
    assert set(WORDING) == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [(512, 512), (640, 360), (270, 480)])
@pytest.mark.parametrize("background", [0, 255])
def test_the_words_are_large_and_stand_out(language, size, background):
    label = VisibleLabel(size, language)
    plain = np.full((size[1], size[0], 3), background, np.uint8)
    marked = label.on(plain)
    words = marked[:, :, 0] > 230 if background == 0 else marked[:, :, 0] > 200
    plate = marked[:, :, 0] < 130
    assert (plain == background).all()
    inside = words if background == 0 else words & _filled(plate)
    rows = np.flatnonzero(inside.any(axis=1))
    assert label.ink >= 0.05 * min(size)
    assert rows[-1] - rows[0] + 1 >= 0.05 * min(size)
    assert words[inside].any()


def _filled(plate):
    """The rectangle around what is set."""
    rows, columns = np.flatnonzero(plate.any(axis=1)), np.flatnonzero(plate.any(axis=0))
    box = np.zeros_like(plate)
    box[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    return box


def test_the_plate_stays_inside_and_leaves_the_rest_alone():
    random = np.random.default_rng(0).integers(0, 256, (360, 640, 3), dtype=np.uint8)
    changed = (VisibleLabel((640, 360), "de").on(random) != random).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert rows[0] > 250
    assert rows[-1] < 359
    assert columns[0] > 0
    assert columns[-1] < 400
