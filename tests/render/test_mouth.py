from __future__ import annotations

from importlib import resources

import numpy as np
import pytest

from sonic.errors import WeightsError
from sonic.render.mouth import MouthInterior
from sonic.render.mouth_network import FILE, blend, enlarge, mouth_of
from sonic.render.mouth_place import MouthPlace
from sonic.render.mouth_view import (
    LIP_COLUMN,
    LIP_ROW,
    VIEW_HEIGHT,
    VIEW_WIDTH,
    conditions,
    in_view,
    to_view,
    view_affine,
    view_planes,
)
from sonic.render.pixels import Window
from sonic.render.slit import Edges
from sonic.render.teeth import Palette, draw_arch, place_arch

SKIN, LIPS = np.array([190, 150, 130], np.float32), np.array([170, 90, 90], np.float32)
SHIPPED = resources.files("sonic") / "assets"


@pytest.fixture(scope="module")
def network():
    return mouth_of(SHIPPED)


def mouth(opening, *, unit=120.0, jaw=None):
    """A frontal mouth, open by `opening` eye distances, in a picture of 240 pixels."""
    across = np.linspace(-0.38, 0.38, 11)
    arc = 0.5 * opening * (1 - (across / 0.38) ** 2)
    origin, drop = np.array([120, 100], np.float32), opening if jaw is None else jaw
    axes = unit * np.array([[1, 0, 0], [0, 1, 0]], np.float32)
    place = MouthPlace(origin, axes, np.array([0, drop, 0], np.float32))
    lines = [np.stack([across, sign * arc + 0.4 * opening], 1) * unit + origin for sign in (-1, 1)]
    return place, Edges.through(*(line.astype(np.float32) for line in lines))


def paint(network, opening, **options):
    place, edges = mouth(opening, **options)
    window, palette = Window(40, 60, 160, 120), Palette.of(SKIN, LIPS)
    layers = [
        place_arch(draw_arch(palette, 2.4, upper=upper), place.within(window).teeth(upper=upper), (120, 160))
        for upper in (True, False)
    ]
    maps = enlarge(network.maps(place, edges, SKIN, LIPS), place, window)
    return blend(maps, *layers, palette, SKIN), edges.opening(window) > 0.9


def test_the_view_turns_and_grows_with_the_head():
    axes = np.array([[96, -30, 10], [30, 96, 0]], np.float32)
    place = MouthPlace(np.array([310, 250], np.float32), axes, np.zeros(3, np.float32))
    beside = place.origin + place.axes[:, 0] * np.float32(0.5)
    seen = to_view(np.stack([place.origin, beside]), view_affine(place))
    assert seen[0] == pytest.approx([LIP_COLUMN, LIP_ROW], abs=1e-3)
    assert seen[1] == pytest.approx([LIP_COLUMN + 0.5 * 128 / 1.5, LIP_ROW], abs=1e-3)
    assert in_view(place).teeth(upper=True)[1, 1] == pytest.approx(in_view(place).teeth(upper=True)[0, 1])


def test_the_network_sees_the_same_at_every_size():
    seen = []
    for unit in (60.0, 240.0):
        place, edges = mouth(0.2, unit=unit)
        affine = view_affine(place)
        lines = Edges(to_view(edges.upper, affine), to_view(edges.lower, affine))
        seen.append((view_planes(in_view(place), lines), conditions(in_view(place), lines, SKIN, LIPS)))
    assert np.abs(seen[0][0] - seen[1][0]).max() < 0.05
    assert seen[0][1] == pytest.approx(seen[1][1], abs=1e-3)


def test_maps_are_bounded(network):
    place, edges = mouth(0.25)
    maps = network.maps(place, edges, SKIN, LIPS)
    assert maps.shape == (VIEW_HEIGHT, VIEW_WIDTH, 9)
    assert maps[..., :3].min() >= 0
    assert maps[..., :3].max() <= 1
    assert maps[..., 3:6].max() <= 2
    assert np.abs(maps[..., 6:]).max() <= 0.2 + 1e-6


def test_upper_teeth_rest_while_the_jaw_drops(network):
    """Edges between teeth stay in their columns; what changes is how much of them shows."""
    (small, seen), (wide, seen_wide) = paint(network, 0.16), paint(network, 0.18)
    both = seen & seen_wide
    both[45:] = False  # below lies what moves with the jaw
    assert np.abs(small - wide)[both].mean() < 14


def test_a_little_more_opening_changes_little(network):
    (one, inside), (other, _) = paint(network, 0.200), paint(network, 0.203)
    assert np.abs(one - other)[inside].mean() < 6


def test_a_grey_picture_gets_a_grey_mouth(network):
    grey, rose = np.full(3, 150, np.float32), np.full(3, 90, np.float32)
    place, edges = mouth(0.2)
    window, palette = Window(40, 60, 160, 120), Palette.of(grey, rose)
    empty = np.zeros((120, 160, 3), np.float32), np.zeros((120, 160), np.float32)
    maps = enlarge(network.maps(place, edges, grey, rose), place, window)
    assert np.ptp(blend(maps, empty, empty, palette, grey), axis=-1).max() < 1


def test_a_model_without_a_mouth_has_the_shipped_one(tmp_path, network):
    place, edges = mouth(0.2)
    expected = network.maps(place, edges, SKIN, LIPS)
    assert np.array_equal(mouth_of(tmp_path).maps(place, edges, SKIN, LIPS), expected)


def test_a_model_with_a_damaged_mouth_says_so(tmp_path):
    (tmp_path / FILE).write_bytes(b"no network")
    with pytest.raises(WeightsError, match=FILE):
        mouth_of(tmp_path)


def test_a_network_of_another_kind_is_refused(tmp_path):
    (tmp_path / FILE).write_bytes((SHIPPED / "person_mask.onnx").read_bytes())
    with pytest.raises(WeightsError, match="no mouth network"):
        mouth_of(tmp_path)


def test_without_a_network_a_rule_lights_the_mouth(renderer, portrait, still, space, network):
    picture = renderer.canvas.cut(portrait.image)
    plain, learned = (MouthInterior(renderer.rig, picture, each) for each in (None, network))
    plain.smile = learned.smile = None
    gaps = space.mouth_readout()[:, 0]
    opened = np.tensordot(0.2 * gaps / float(gaps @ gaps), space.mouth_basis, 1)[None]
    posed = renderer.rig.pose(still(displacement=opened), 0)
    edges = renderer.mouth.edges(posed)
    low = np.floor(edges.points.min(0)).astype(int)
    width, height = (np.ceil(edges.points.max(0)).astype(int) - low).tolist()
    window = Window(int(low[0]), int(low[1]), width, height)
    inside = edges.opening(window) > 0.9
    pictures = [each.paint(window, posed, edges) for each in (plain, learned)]
    assert all(picture.shape == (height, width, 3) for picture in pictures)
    assert np.abs(pictures[0] - pictures[1])[inside].mean() > 2
    assert all(0 < picture[inside].mean() < plain.skin.mean() for picture in pictures)
