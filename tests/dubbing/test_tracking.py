from __future__ import annotations

import numpy as np
import pytest

from sonic.dubbing.tracking import REACH, followed
from sonic.media.footage import frames_at


@pytest.fixture(scope="module")
def frames(clip):
    return list(frames_at(clip, 20)[0])


def test_every_frame_comes_out_once_and_in_order(frames):
    seen = list(followed(frames[:9]))
    assert [id(item.frame) for item in seen] == [id(frame) for frame in frames[:9]]
    assert all(item.share == 1 for item in seen)


def test_a_face_lost_for_a_moment_is_bridged(frames):
    blank = np.zeros_like(frames[0])
    seen = list(followed([*frames[:8], blank, blank, *frames[10:18]]))
    whole = list(followed(frames[:18]))
    assert seen[8].share == 1
    assert np.abs(seen[8].landmarks - whole[8].landmarks).max() < 0.05 * np.ptp(whole[8].landmarks)


def test_the_mouth_comes_and_goes_softly_where_there_is_no_face(frames):
    blank = np.zeros_like(frames[0])
    seen = list(followed([*frames[:8], *[blank] * 14, *frames[8:16]]))
    shares = [item.share for item in seen]
    assert seen[14].landmarks is None
    assert shares[14] == 0
    assert shares[0] == shares[-1] == 1
    assert np.abs(np.diff(shares)).max() <= 1 / (REACH + 1) + 1e-6


def test_nothing_is_smoothed_across_a_cut(frames):
    moved = [np.roll(frame, 140, axis=1) for frame in frames[8:16]]
    seen = list(followed([*frames[:8], *moved]))
    alone = list(followed(frames[:8]))
    assert np.abs(seen[7].landmarks - alone[7].landmarks).max() < 0.5
