from __future__ import annotations

import numpy as np

from sonic.face.matting import guided_refine


def test_a_coarse_mask_snaps_to_the_edge_of_the_picture():
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[:, :83] = (200, 90, 40)
    picture[:, 83:] = (30, 80, 160)
    ramp = np.clip((86 - np.arange(160)) / 24 + 0.5, 0, 1).astype(np.float32)
    refined = guided_refine(picture, np.broadcast_to(ramp, (120, 160)))
    crossing = np.argmax(refined[60] < 0.5)
    assert abs(crossing - 83) <= 1
    assert refined[60, 80] - refined[60, 86] > 1.5 * (ramp[80] - ramp[86])


def test_a_mask_of_another_size_is_brought_to_the_picture():
    picture = np.full((90, 70, 3), 128, np.uint8)
    refined = guided_refine(picture, np.full((16, 16), 0.25, np.float32))
    np.testing.assert_allclose(refined, np.full((90, 70), 0.25), atol=1e-3)
