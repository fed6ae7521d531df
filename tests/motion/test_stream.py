from __future__ import annotations

import numpy as np
import pytest

from sonic.motion.stream import with_neighbours


@pytest.mark.parametrize("block", [1, 3, 10, 100])
def test_every_frame_comes_out_once(block):
    blocks = np.split(np.arange(25.0)[:, None], range(block, 25, block))
    out = np.concatenate(list(with_neighbours(blocks, 4, lambda rows: rows * 2)))
    assert np.array_equal(out[:, 0], 2 * np.arange(25.0))
