from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sonic.face.landmarks import FaceTracker
from sonic.face.topology import INNER_LIPS_LOWER, INNER_LIPS_UPPER
from sonic.motion.mouth import lip_opening
from sonic.render.renderer import Renderer


def track(frame):
    landmarks, score = FaceTracker().track(frame)
    assert landmarks is not None
    assert score > 0.5
    return landmarks


def opening(frame):
    """Middle lip gap over eye distance, measured on the drawn frame."""
    points = track(frame)
    eyes = points[[33, 133], :2].mean(0) - points[[362, 263], :2].mean(0)
    return float(lip_opening(points) / np.linalg.norm(eyes))


def talk(space, amount):
    """A displacement [1, 478, 3] that opens the mouth by about `amount` eye distances."""
    gaps = lip_opening(space.mouth_basis)
    coefficients = gaps * amount / float(gaps @ gaps)
    return np.tensordot(coefficients, space.mouth_basis, 1)[None]


def test_frames_have_the_promised_size_and_type(renderer, still):
    frame = renderer.render(still(), 0)
    assert frame.shape == (384, 384, 3)
    assert frame.dtype == np.uint8
    assert renderer.size == (384, 384)


def test_an_open_smile_closes_at_rest(renderer, portrait, still):
    assert opening(renderer.canvas.cut(portrait.image)) > 0.05
    assert opening(renderer.render(still(), 0)) < 0.04


def test_the_mouth_opens_as_far_as_asked(renderer, still, space):
    measured = [opening(renderer.render(still(displacement=talk(space, amount)), 0)) for amount in (0.1, 0.2)]
    assert measured[0] == pytest.approx(0.1, abs=0.05)
    assert measured[1] == pytest.approx(0.2, abs=0.06)
    assert measured[1] > measured[0] + 0.05


def test_shut_lids_hide_the_eyes(renderer, still):
    def aperture(frame):
        points = track(frame)
        return np.linalg.norm(points[159, :2] - points[145, :2]) / np.linalg.norm(
            points[33, :2] - points[133, :2]
        )

    assert aperture(renderer.render(still(lids=[[1, 1]]), 0)) < 0.6 * aperture(renderer.render(still(), 0))


def test_shut_lids_are_skin_above_a_line_of_lashes(renderer, still):
    shut = still(lids=[[1, 1]])
    frame = renderer.render(shut, 0).astype(float).mean(-1)
    posed = renderer.rig.pose(shut, 0).vertices
    for _, _, lid in renderer.eyes:
        edge, crease = (posed[rows[2:-2]].mean(0) for rows in (lid._rows[0], lid._rows[2]))
        x, top, bottom = int(edge[0]), int(crease[1]), int(edge[1])
        column = frame[top : bottom + 3, x - 2 : x + 3].mean(1)
        middle = column[len(column) // 4 : len(column) // 2 + 1]
        assert np.ptp(middle) < 20  # no lashes in the middle of the lid
        assert np.argmin(column) >= len(column) - 6
        assert column.min() < middle.mean() - 10


def test_open_lids_are_the_pictures(renderer, still):
    canvas = np.zeros((renderer.canvas.side, renderer.canvas.side, 3), np.uint8)
    for _, _, lid in renderer.eyes:
        lid.draw(canvas, renderer.rig.pose(still(), 0))
    assert not canvas.any()


def test_gaze_moves_the_irises_and_not_the_lids(renderer, still):
    ahead, aside = track(renderer.render(still(), 0)), track(renderer.render(still(gaze=[[0.1, 0]]), 0))
    width = np.linalg.norm(ahead[33, :2] - ahead[133, :2])
    assert (aside[468, 0] - ahead[468, 0]) / width == pytest.approx(0.1, abs=0.05)
    assert np.abs(aside[[33, 133], :2] - ahead[[33, 133], :2]).max() / width < 0.05


def test_the_head_turns_with_parallax(renderer, still):
    ahead = track(renderer.render(still(), 0))
    turned = track(renderer.render(still(rotation=[[0, 0.2, 0]]), 0))
    nose, ear = 1, 234
    moved = (turned - ahead)[:, 0]
    # What lies before the axis and what lies behind it go opposite ways.
    assert moved[nose] * moved[ear] < 0
    assert min(abs(moved[nose]), abs(moved[ear])) > 2


@pytest.mark.parametrize("turn", [[0.2, 0, 0], [-0.2, 0, 0], [0, 0.2, 0], [0.1, 0.1, 0.1]])
def test_teeth_and_eyeballs_keep_their_shape_when_the_head_turns(renderer, still, turn):
    posed = renderer.rig.pose(still(rotation=[turn]), 0)
    layers = [renderer.interior.smile.points, *(ball.anchors for _, ball, _ in renderer.eyes)]
    for points in layers:
        source = points @ renderer.rig.to_camera.T[:, :2]
        target = renderer.rig.place(posed, points)
        carried = np.linalg.solve(source[1:] - source[0], target[1:] - target[0])
        stretch = np.linalg.svd(carried, compute_uv=False)
        assert 0.94 < stretch.min() <= stretch.max() < 1.06


def test_an_extreme_turn_is_bent_to_what_a_picture_can_show(renderer, still):
    far = renderer.rig.pose(still(rotation=[[0, 1.2, 0]]), 0).rotation
    assert np.degrees(np.arccos((np.trace(far) - 1) / 2)) < 15


def test_outside_the_square_the_picture_stays_bit_identical(portrait, space, still):
    whole = Renderer(
        replace(portrait, crop=replace(portrait.crop, size=portrait.crop.size * 0.8)), space, resolution=256
    )
    scaled = whole.canvas.backdrop
    frame = whole.render(still(rotation=[[0.1, 0.1, 0]], displacement=talk(space, 0.2)), 0)
    changed = (frame != scaled).any(axis=2)
    x, y, side = whole.canvas.x, whole.canvas.y, whole.canvas.side
    inside = changed[max(0, y) : y + side, max(0, x) : x + side]
    assert inside.sum() == changed.sum() > 0


def test_the_picture_at_its_own_scale_is_not_resampled(portrait, space):
    renderer = Renderer(portrait, space, resolution=round(portrait.crop.size))
    height, width = renderer.canvas.backdrop.shape[:2]
    assert np.array_equal(renderer.canvas.backdrop, portrait.image[:height, :width])


def test_the_background_rests_while_the_head_moves(renderer, still):
    before, after = (renderer.render(still(rotation=[[0, turn, 0]]), 0).astype(int) for turn in (-0.15, 0.15))
    person = renderer.scene.uncovered < 250
    grown = (
        np.maximum.reduce([np.roll(person, shift, axis) for shift in (-24, 24) for axis in (0, 1)]) | person
    )
    behind = np.abs(before - after)[~grown]
    assert behind.size == 0 or behind.max() <= 2


def test_lips_that_touch_show_no_teeth(renderer, still):
    """The seam of a closed mouth is darker than the lips beside it, though the picture smiles brightly."""
    frame = renderer.render(still(), 0).astype(float).mean(2)
    posed = renderer.rig.pose(still(), 0)
    seam = (posed.vertices[list(INNER_LIPS_UPPER)] + posed.vertices[list(INNER_LIPS_LOWER)])[3:8] / 2
    columns, rows = np.rint(seam).astype(int).T
    lips = renderer.rig.unit * 0.06
    beside = [frame[np.rint(rows + side * lips).astype(int), columns] for side in (-1, 1)]
    around = np.concatenate(beside)
    assert frame[rows, columns].mean() < around.mean() + 10


def test_shutting_lids_leave_the_rim_of_glasses_where_it_is(portrait, space, still):
    def lifted(eyewear):
        """How far the row of vertices between lid and brow falls when the eyes shut, pixels."""
        rig = Renderer(portrait, space, resolution=384, crop="face", eyewear=eyewear).rig
        motion = still(frames=2, lids=[[0, 0], [1, 1]])
        rest, shut = (rig.pose(motion, index).vertices[[223, 443]] for index in (0, 1))
        return float(np.abs(shut - rest).max())

    assert lifted("none") > 0.2
    assert lifted("glasses") < 1e-3


def test_sunglasses_have_no_eyes_to_draw(portrait, space, still):
    dark = Renderer(portrait, space, resolution=384, crop="face", eyewear="sunglasses")
    looking, resting = dark.render(still(gaze=[[0.15, 0]]), 0), dark.render(still(), 0)
    np.testing.assert_array_equal(looking, resting)
