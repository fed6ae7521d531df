from __future__ import annotations

import cv2
import numpy as np

from sonic.render.grid import Grid, VertexField, invert, invert_steep


def test_resizing_a_grid_of_points_lands_on_the_pixels():
    grid = Grid(8.0, 4.0, 4.0, 10, 6)
    pixels = cv2.resize(grid.points, (40, 24), interpolation=cv2.INTER_LINEAR)
    assert np.allclose(pixels[8, 12], [8 + 12, 4 + 8], atol=1e-4)


def test_locate_and_place_are_opposites():
    grid = Grid(-3.0, 2.5, 1.7, 20, 20)
    points = np.random.default_rng(0).uniform(0, 30, (50, 2)).astype(np.float32)
    assert np.allclose(grid.place(grid.locate(points)), points, atol=1e-4)


def test_a_vertex_field_interpolates_linearly_inside_and_is_zero_outside():
    vertices = np.array([[0, 0], [20, 0], [0, 20]], np.float32)
    field = VertexField(vertices, np.array([[0, 1, 2]], np.int32), Grid(0.0, 0.0, 1.0, 24, 24))
    values = field(np.array([[0.0], [20.0], [0.0]], np.float32))[..., 0]
    assert np.isclose(values[3, 7], 7, atol=1e-3)
    assert values[20, 20] == 0
    assert field.covered[5, 5]
    assert not field.covered[22, 22]


def test_a_shift_comes_back_inverted():
    grid = Grid(0.0, 0.0, 2.0, 32, 32)
    shift = np.broadcast_to(np.array([3.0, -2.0], np.float32), (32, 32, 2)).copy()
    for method in (invert, invert_steep):
        assert np.allclose(method(shift, grid, grid), grid.points - [3, -2], atol=1e-3)


def test_the_steep_inverse_follows_a_threefold_stretch_where_plain_iteration_cannot():
    grid = Grid(0.0, 0.0, 1.0, 96, 96)
    # Rows 30..40 stretch to three times their height; everything below moves down with them.
    down = np.clip(grid.points[..., 1] - 30, 0, 10) * 2
    field = np.stack([np.zeros_like(down), down], axis=-1)
    came_from = invert_steep(field, grid, grid)[..., 1]
    assert np.isclose(came_from[45, 50], 35, atol=0.3)
    assert np.isclose(came_from[80, 50], 60, atol=0.3)
    assert not np.isclose(invert(field, grid, grid)[45, 50, 1], 35, atol=0.3)
