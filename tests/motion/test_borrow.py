from __future__ import annotations

import numpy as np
import pytest

from sonic.motion.borrow import Borrowed
from sonic.motion.controls import Controls, apply
from sonic.motion.stream import MadeBlock


@pytest.fixture
def other(space):
    """Ten frames of somebody else, every number growing with time, `[10, dim]`."""
    return np.repeat(np.arange(10, dtype=np.float32)[:, None], space.dim, 1)


def test_head_and_lids_are_the_others_and_the_rest_is_kept(space, other):
    made = np.full((10, space.dim), -1, np.float32)
    worn = Borrowed(other, space).on(made)
    for name, group in space.groups.items():
        expected = other if name in ("head", "lids") else made
        assert np.array_equal(worn[:, group], expected[:, group])
    assert (made == -1).all()


@pytest.mark.parametrize("block", [1, 4, 40])
def test_a_longer_talk_goes_to_and_fro(space, other, block):
    borrowed = Borrowed(other, space)
    parts = [borrowed.on(part) for part in np.split(np.zeros((40, space.dim)), range(block, 40, block))]
    head = np.concatenate(parts)[:, space.groups["head"]][:, 0]
    assert head[:20].tolist() == [*range(10), *range(8, -1, -1), 1]
    assert np.abs(np.diff(head)).max() == 1


def test_what_is_borrowed_can_still_be_scaled(space, other):
    still = np.zeros((10, space.dim), np.float32)
    blocks = [MadeBlock(still, np.zeros(10), np.zeros((20, 384)))]
    controls = Controls(smoothing=None, lip_sync=False, motion_scale=0.5, borrowed=other)
    made = np.concatenate(list(apply(blocks, controls, space)))
    assert np.allclose(made[:, space.groups["head"]], 0.5 * other[:, space.groups["head"]])
