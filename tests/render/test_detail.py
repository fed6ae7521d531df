from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from sonic.face.feather import feather
from sonic.face.restore import Detail
from sonic.render.canvas import Canvas

BOX = (180, 90, 130, 190)  # of the example portrait: its face


@pytest.fixture(scope="module")
def repeated(portrait):
    """The example portrait with a detail that shows what is there anyway, at four times its size."""
    left, top, width, height = BOX
    part = portrait.image[top : top + height, left : left + width]
    pixels = cv2.resize(part, (4 * width, 4 * height), interpolation=cv2.INTER_CUBIC)
    weight = feather(pixels.shape[:2], (1, 1), (4000, 4000), 0.2)
    return replace(portrait, detail=Detail(pixels, weight, BOX))


@pytest.mark.parametrize(("resolution", "crop"), [(256, "full"), (300, "face"), (310, "full"), (777, "face")])
def test_detail_lies_where_the_face_is(portrait, repeated, resolution, crop):
    plain = Canvas(portrait, resolution, crop).backdrop.astype(int)
    drawn = Canvas(repeated, resolution, crop).backdrop.astype(int)
    assert np.abs(drawn - plain).mean() < 0.5
    assert np.percentile(np.abs(drawn - plain), 99.5) <= 12
    shifted = np.abs(np.roll(plain, 1, axis=1) - plain).mean()
    assert np.abs(drawn - plain).mean() < 0.25 * shifted


def test_the_portrait_itself_is_never_written_to(portrait, repeated):
    before = portrait.image.copy()
    red = replace(repeated.detail, pixels=np.full_like(repeated.detail.pixels, (255, 0, 0)))
    canvas = Canvas(replace(portrait, detail=red), round(portrait.crop.size), "full")
    assert np.array_equal(portrait.image, before)
    x, y = BOX[0] + BOX[2] // 2, BOX[1] + BOX[3] // 2
    assert canvas.backdrop[y, x].tolist() == [255, 0, 0]
    assert canvas.portrait()[y - canvas.y, x - canvas.x].tolist() == [255, 0, 0]
