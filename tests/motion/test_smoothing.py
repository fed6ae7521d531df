from __future__ import annotations

import numpy as np
import pytest

from sonic.evaluate.liveliness import tremor
from sonic.motion.smoothing import EMA, FILTERS, ZERO_PHASE, smoothed


def through(kind, motion, space, block=300):
    parts = np.split(motion, range(block, len(motion), block))
    return np.concatenate(list(smoothed(parts, kind, space)))


@pytest.mark.parametrize("kind", FILTERS)
def test_tremor_goes_and_closures_stay(space, motion, kind):
    head = space.groups["head"]
    calm = through(kind, motion, space)
    assert tremor(calm[:, head]).mean() < 0.5 * tremor(motion[:, head]).mean()
    closed = space.opening(motion) < 0.005
    assert space.opening(calm)[closed].max() < 0.02


@pytest.mark.parametrize("kind", FILTERS)
def test_lids_are_smoothed_between_blinks_and_blinks_keep_their_snap(space, motion, kind):
    lids = space.groups["lids"]
    motion[:, lids] += np.random.default_rng(2).normal(0, 0.05, (300, 2))
    calm = through(kind, motion, space)
    shut = motion[:, lids].max(1) > 0.6
    assert np.allclose(calm[shut][:, lids], motion[shut][:, lids], atol=1e-5)
    between = np.arange(300) % 50 > 10
    assert calm[between][:, lids].std() < 0.8 * motion[between][:, lids].std()


def test_zero_phase_does_not_delay(space, motion):
    before, after = (space.opening(moves) for moves in (motion, through(ZERO_PHASE, motion, space)))
    products = [before[5 + lag : 290 + lag] @ after[5:290] for lag in range(-3, 4)]
    assert np.argmax(products) == 3


def test_the_moving_average_knows_the_past_only(space, motion):
    changed = motion.copy()
    changed[150:] += 1
    before, after = (through(EMA, moves, space) for moves in (motion, changed))
    assert np.array_equal(before[:150], after[:150])
    head = space.groups["head"]
    assert (after - before)[150, head] == pytest.approx(0.4)
    assert (after - before)[151, head] == pytest.approx(0.64)


@pytest.mark.parametrize("kind", FILTERS)
@pytest.mark.parametrize("block", [1, 7, 40])
def test_blocks_make_no_difference(space, motion, kind, block):
    assert np.allclose(through(kind, motion, space, block), through(kind, motion, space), atol=1e-5)
