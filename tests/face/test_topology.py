from __future__ import annotations

import numpy as np

from sonic.face import topology

LOOPS = {
    "outer lips": topology.OUTER_LIPS,
    "inner lips": topology.INNER_LIPS,
    "right eye": topology.RIGHT_EYE,
    "left eye": topology.LEFT_EYE,
    "face": topology.FACE_OVAL,
}


def mesh_edges():
    triangles = topology.face_triangles()
    edges = np.sort(
        np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1
    )
    return np.unique(edges, axis=0, return_counts=True)


def test_loops_run_along_edges_of_the_mesh():
    edges = {tuple(edge) for edge in mesh_edges()[0].tolist()}
    for name, loop in LOOPS.items():
        assert len(set(loop)) == len(loop), name
        for first, second in zip(loop, (*loop[1:], loop[0]), strict=True):
            assert (min(first, second), max(first, second)) in edges, (name, first, second)


def test_the_mesh_is_open_at_the_outline_only():
    edges, counts = mesh_edges()
    assert {int(index) for index in edges[counts == 1].ravel()} == set(topology.FACE_OVAL)


def test_right_and_left_lists_mirror_each_other():
    vertices = topology.canonical_vertices()
    for right, left in (
        (topology.RIGHT_EYE_UPPER, topology.LEFT_EYE_UPPER),
        (topology.RIGHT_EYE_LOWER, topology.LEFT_EYE_LOWER),
        (topology.RIGHT_BROW_UPPER, topology.LEFT_BROW_UPPER),
        (topology.RIGHT_BROW_LOWER, topology.LEFT_BROW_LOWER),
        (topology.OUTER_LIPS_LOWER, topology.OUTER_LIPS_LOWER[::-1]),
        (topology.INNER_LIPS_UPPER, topology.INNER_LIPS_UPPER[::-1]),
    ):
        mirrored = vertices[list(left)] * [-1, 1, 1]
        np.testing.assert_allclose(vertices[list(right)], mirrored, atol=0.02)


def test_the_canonical_head_is_upright_and_faces_us():
    vertices = topology.canonical_vertices()
    assert vertices[topology.CHIN, 1] > vertices[topology.NOSE_TIP, 1] > vertices[10, 1]
    assert vertices[topology.NOSE_TIP, 2] == vertices[:, 2].min()
    assert vertices[33, 0] < 0 < vertices[263, 0]


def test_eye_distance_is_measured_between_the_eye_centres():
    landmarks = np.zeros((2, topology.LANDMARK_COUNT, 3), np.float32)
    landmarks[:, topology.RIGHT_EYE_CORNERS, 0] = [[-4, -2]]
    landmarks[:, topology.LEFT_EYE_CORNERS, 0] = [[4, 2]]
    np.testing.assert_allclose(topology.eye_distance(landmarks), [6, 6])
