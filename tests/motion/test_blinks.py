from __future__ import annotations

import numpy as np
import pytest

from sonic.motion.blinks import Blinks


def starts(closure):
    return np.flatnonzero((closure[1:] > 0) & (closure[:-1] == 0))


@pytest.mark.parametrize("rate", [6, 15, 30])
def test_blinks_come_at_the_wished_rate_with_uneven_pauses(rate):
    closure = Blinks(rate, seed=1).closure(25 * 60 * 20)
    found = starts(closure)
    assert len(found) / 20 == pytest.approx(rate, rel=0.12)
    pauses = np.diff(found)
    assert pauses.std() > 0.25 * pauses.mean()
    assert closure.max() == 1


def test_blocks_make_no_difference():
    whole = Blinks(20, seed=3).closure(1000)
    blinks = Blinks(20, seed=3)
    parts = [blinks.closure(count) for count in (1, 7, 300, 0, 692)]
    assert np.array_equal(np.concatenate(parts), whole)
    assert not np.array_equal(Blinks(20, seed=4).closure(1000), whole)


def test_a_blink_lasts_as_long_as_peoples():
    closure = Blinks(10, seed=0).closure(3000)
    lasting = (closure > 0).sum() / len(starts(closure)) / 25
    assert 0.1 < lasting < 0.4
