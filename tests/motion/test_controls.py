from __future__ import annotations

import numpy as np
import pytest

from sonic.motion.controls import Controls, apply, close_lips, scale, smooth, with_neighbours
from sonic.motion.timing import LipTiming

STILL = Controls(smoothing=False, lip_sync=False)


@pytest.fixture
def motion(space):
    """Motion of a lively talker with a blink every two seconds, `[300, dim]`."""
    rng = np.random.default_rng(0)
    frames = np.arange(300)
    motion = rng.normal(0, 0.05, (300, space.dim)).astype(np.float32)
    opening = np.maximum(0, 0.15 + 0.15 * np.sin(frames * 1.1) * np.sin(frames / 9))
    motion[:, space.groups["mouth"]] = np.outer(opening, space.opening_direction())
    motion[:, space.groups["lids"]] = 0.05 + 0.95 * (frames % 50 < 4)[:, None]
    return motion


def run(motion, controls, space, block=40):
    heard = np.stack([space.opening(motion), np.zeros(len(motion))], axis=1)
    cuts = range(block, len(motion), block)
    pairs = zip(np.split(motion, cuts), np.split(heard, cuts), strict=True)
    return np.concatenate(list(apply(pairs, controls, space)))


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


def test_smoothing_takes_out_tremor_and_keeps_closures(space, motion):
    head = space.groups["head"]
    smoothed = smooth(motion, space)
    assert smoothed[:, head].std() < 0.7 * motion[:, head].std()
    closed = space.opening(motion) < 0.005
    assert space.opening(smoothed)[closed].max() < 0.02


def test_lids_are_smoothed_between_blinks_and_blinks_keep_their_snap(space, motion):
    lids = space.groups["lids"]
    motion[:, lids] += np.random.default_rng(2).normal(0, 0.05, (300, 2))
    smoothed = smooth(motion, space)
    shut = motion[:, lids].max(1) > 0.6
    assert np.allclose(smoothed[shut][:, lids], motion[shut][:, lids], atol=1e-5)
    between = np.arange(300) % 50 > 10
    assert smoothed[between][:, lids].std() < 0.8 * motion[between][:, lids].std()


def test_smoothing_does_not_delay(space, motion):
    before, after = (space.opening(moves) for moves in (motion, smooth(motion, space)))
    products = [before[5 + lag : 290 + lag] @ after[5:290] for lag in range(-3, 4)]
    assert np.argmax(products) == 3


@pytest.mark.parametrize("block", [1, 7, 40, 300])
def test_blocks_make_no_difference_to_smoothing(space, motion, block):
    whole = run(motion, Controls(lip_sync=False), space, block=300)
    assert np.allclose(run(motion, Controls(lip_sync=False), space, block=block), whole, atol=1e-5)


@pytest.mark.parametrize("block", [1, 3, 10, 100])
def test_every_frame_comes_out_once(block):
    blocks = np.split(np.arange(25.0)[:, None], range(block, 25, block))
    out = np.concatenate(list(with_neighbours(blocks, 4, lambda rows: rows * 2)))
    assert np.array_equal(out[:, 0], 2 * np.arange(25.0))


def test_late_lips_are_brought_forward(space, motion):
    opening = space.opening(motion)
    late = motion.copy()
    late[:, space.groups["mouth"]] = np.roll(motion[:, space.groups["mouth"]], 1, axis=0)
    blocks = zip(np.split(late, 6), np.split(opening, 6), strict=True)
    corrected = np.concatenate(list(LipTiming(space).correct(blocks)))
    assert len(corrected) == len(motion)
    before, after = (
        np.corrcoef(space.opening(m)[100:290], opening[100:290])[0, 1] for m in (late, corrected)
    )
    assert after > before + 0.03


@pytest.mark.parametrize("milliseconds", [-50, -40, -30, -20, -10, 10, 20, 30, 40, 50])
def test_lips_are_put_in_time_to_ten_milliseconds(space, milliseconds):
    rng = np.random.default_rng(5)
    fine = np.convolve(rng.uniform(0, 0.4, 3000).repeat(4), np.hanning(25) / 12, "same")  # ten values a frame

    def opening(frames):
        return np.interp(10 * frames, np.arange(len(fine)), fine)

    frames = np.arange(10, 910.0)
    late = spoken(space, opening(frames - milliseconds / 40))[:, : space.dim]
    blocks = zip(np.split(late, 9), np.split(opening(frames), 9), strict=True)
    corrected = space.opening(np.concatenate(list(LipTiming(space).correct(blocks))))[300:]
    left = np.arange(-60, 61, 2)  # milliseconds
    fits = [np.corrcoef(corrected, opening(frames - lag / 40)[300:])[0, 1] for lag in left]
    assert abs(left[np.argmax(fits)]) <= 10


def test_lips_in_time_are_left_alone(space, motion):
    blocks = [(part, space.opening(part)) for part in np.split(motion, 6)]
    corrected = np.concatenate(list(LipTiming(space).correct(blocks)))
    assert np.allclose(corrected, motion, atol=1e-5)


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
    calm = run(motion, Controls(smoothing=False, lip_sync=False, head_scale=0.5), space)
    groups = space.groups
    assert np.allclose(calm[:, groups["head"]], 0.5 * motion[:, groups["head"]])
    assert np.array_equal(calm[:, groups["brows"]], motion[:, groups["brows"]])


def test_eyes_on_the_camera_turn_against_the_head(space, motion):
    turned = motion.copy()
    turned[:, space.groups["gaze"]] = 0
    turned[:, space.groups["head"]] = [0.1, 0.2, 0, 0, 0]  # nose down and to the left
    gaze = run(turned, Controls(smoothing=False, lip_sync=False, gaze="camera"), space)[
        :, space.groups["gaze"]
    ]
    assert (gaze[:, 0] > 0.05).all()  # right
    assert (gaze[:, 1] < -0.02).all()  # up
    still = run(motion, Controls(smoothing=False, lip_sync=False, gaze="still"), space)
    assert not still[:, space.groups["gaze"]].any()


@pytest.mark.parametrize("block", [10, 300])
def test_blinks_at_a_rate_replace_those_that_were_made(space, motion, block):
    lids = run(motion, Controls(smoothing=False, lip_sync=False, blink_rate=20, seed=2), space, block=block)[
        :, space.groups["lids"]
    ]
    assert np.array_equal(lids[:, 0], lids[:, 1])
    assert lids.max() == 1
    assert ((lids[1:, 0] > 0.9) & (lids[:-1, 0] <= 0.9)).sum() in range(2, 7)  # of 20 a minute in 12 s
    none = run(motion, Controls(smoothing=False, lip_sync=False, blink_rate=0), space)
    assert none[:, space.groups["lids"]].max() <= 0.3
