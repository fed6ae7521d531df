from __future__ import annotations

import numpy as np
import pytest

from sonic.motion.controls import Controls, apply, close_lips, scale
from sonic.motion.stream import MadeBlock, with_neighbours

STILL = Controls(smoothing=None, lip_sync=False)


def run(motion, controls, space, block=40):
    parts = np.split(motion, range(block, len(motion), block))
    made = (MadeBlock(part, np.zeros(len(part)), np.zeros((2 * len(part), 384))) for part in parts)
    return np.concatenate(list(apply(made, controls, space)))


def test_dynamic_scale_moves_the_mouth_and_nothing_else(space, motion):
    larger = scale(motion, Controls(dynamic_scale=1.5), space)
    usual = scale(motion, Controls(), space)
    mouth = space.groups["mouth"]
    assert np.allclose(space.opening(larger), 1.5 * space.opening(usual), atol=1e-4)
    assert np.array_equal(np.delete(larger, mouth, 1), np.delete(usual, mouth, 1))


def test_motion_scale_moves_everything_but_the_mouth(space, motion):
    calm, usual = (scale(motion, Controls(motion_scale=size), space) for size in (0.5, 1.0))
    for name in ("brows", "gaze", "head"):
        assert np.allclose(calm[:, space.groups[name]], usual[:, space.groups[name]] / 2)
    assert np.array_equal(calm[:, space.groups["mouth"]], usual[:, space.groups["mouth"]])


def test_a_still_head_still_blinks(space, motion):
    still = scale(motion, Controls(motion_scale=0), space)
    assert not still[:, space.groups["head"]].any()
    assert still[:, space.groups["lids"]].max() > 0.9


def test_without_blinks_the_eyes_stay_open(space, motion):
    assert scale(motion, Controls(blink=False), space)[:, space.groups["lids"]].max() <= 0.3


def spoken(space, opening, sureness=0.4):
    """Motion whose lips open like this, with nothing else moving, while they are heard to meet."""
    motion = np.zeros((len(opening), space.dim + 1), np.float32)
    motion[:, space.groups["mouth"]] = np.outer(opening, space.opening_direction())
    motion[:, space.dim] = sureness
    return motion


@pytest.mark.parametrize("deepest", [0.008, 0.05, 0.09])
def test_lips_that_come_down_between_two_openings_meet(space, deepest):
    opening = np.full(50, 0.2)
    opening[20:23] = deepest
    closed = space.opening(close_lips(spoken(space, opening), space))
    assert np.abs(closed[20:23]).max() < 1e-4
    assert np.allclose(closed[:20], 0.2, atol=1e-4)


@pytest.mark.parametrize(
    "opening",
    [
        0.18 + 0.04 * np.cos(np.arange(50)),  # vowels that follow each other
        np.linspace(0.2, 0.04, 50),  # a mouth that comes to rest
        np.full(50, 0.05),  # lips that stay a little open
    ],
)
def test_lips_that_do_not_dip_stay_apart(space, opening):
    kept = space.opening(close_lips(spoken(space, opening, sureness=0.3), space))
    assert np.allclose(kept, opening, atol=2e-3)


def test_a_dip_that_does_not_sound_like_a_closure_stays_one(space):
    opening = np.full(50, 0.2)
    opening[20:23] = 0.05
    kept = space.opening(close_lips(spoken(space, opening, sureness=0.15), space))
    assert np.allclose(kept, opening, atol=1e-4)


@pytest.mark.parametrize("block", [1, 7, 300])
def test_blocks_make_no_difference_to_closures(space, motion, block):
    sureness = np.random.default_rng(1).uniform(0, 0.6, (len(motion), 1)).astype(np.float32)
    motion = np.concatenate([motion, sureness], axis=1)
    whole = np.concatenate(list(with_neighbours([motion], 4, lambda rows: close_lips(rows, space))))
    parts = [motion[k : k + block] for k in range(0, len(motion), block)]
    closed = np.concatenate(list(with_neighbours(parts, 4, lambda rows: close_lips(rows, space))))
    assert np.allclose(closed, whole, atol=1e-5)


def test_the_head_can_be_calm_while_brows_and_lips_go_on(space, motion):
    calm = run(motion, Controls(smoothing=None, lip_sync=False, head_scale=0.5), space)
    groups = space.groups
    assert np.allclose(calm[:, groups["head"]], 0.5 * motion[:, groups["head"]])
    assert np.array_equal(calm[:, groups["brows"]], motion[:, groups["brows"]])


def test_eyes_on_the_camera_turn_against_the_head(space, motion):
    turned = motion.copy()
    turned[:, space.groups["gaze"]] = 0
    turned[:, space.groups["head"]] = [0.1, 0.2, 0, 0, 0]  # nose down and to the left
    gaze = run(turned, Controls(smoothing=None, lip_sync=False, gaze="camera"), space)[
        :, space.groups["gaze"]
    ]
    assert (gaze[:, 0] > 0.05).all()  # right
    assert (gaze[:, 1] < -0.02).all()  # up
    still = run(motion, Controls(smoothing=None, lip_sync=False, gaze="still"), space)
    assert not still[:, space.groups["gaze"]].any()


@pytest.mark.parametrize("block", [10, 300])
def test_blinks_at_a_rate_replace_those_that_were_made(space, motion, block):
    lids = run(motion, Controls(smoothing=None, lip_sync=False, blink_rate=20, seed=2), space, block=block)[
        :, space.groups["lids"]
    ]
    assert np.array_equal(lids[:, 0], lids[:, 1])
    assert lids.max() == 1
    assert ((lids[1:, 0] > 0.9) & (lids[:-1, 0] <= 0.9)).sum() in range(2, 7)  # of 20 a minute in 12 s
    none = run(motion, Controls(smoothing=None, lip_sync=False, blink_rate=0), space)
    assert none[:, space.groups["lids"]].max() <= 0.3
