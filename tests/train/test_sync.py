from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from sonic.clips import load_clips
from sonic.errors import ConfigError
from sonic.evaluate.sync import lip_points, shift_table
from sonic.motion.sync import LIP_POINTS
from sonic.train.cli import train
from sonic.train.engine import LoopConfig, run
from sonic.train.sync.codecs import CODECS, recoded
from sonic.train.sync.command import add_curve
from sonic.train.sync.curve import common_view, minutes_needed
from sonic.train.sync.dataset import Sampler, mirrored
from sonic.train.sync.lips import MotionLips
from sonic.train.sync.losses import SyncObjective, matching_loss, negatives
from sonic.train.sync.measure import Heard, completed, hits
from sonic.train.sync.network import SyncConfig, SyncNetwork
from sonic.train.sync.report import person_timings, timed
from sonic.train.sync.stage import SyncSettings, SyncStage, load_sync, share_of_people
from sonic.train.sync.views import Sounds, SyncClip

ROWS = 4
BANDS = 8
TINY = SyncConfig(BANDS, ROWS, width=32, embedding=16, blocks=1, dropout=0.0)
LOOP = LoopConfig(steps=4, warm_up=1, save_every=2, picture_every=4, device="cpu")

# Raised inside torch by its own exporter.
pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")


def made_up(seed, frames=60, pixels=False):
    """A clip whose lips and mouth picture open with the level of every band."""
    rng = np.random.default_rng(seed)
    opening = np.convolve(rng.normal(size=frames + 4), np.ones(3) / 3, "valid")[:frames].astype(np.float32)
    lips = rng.normal(0, 0.1, (1, len(LIP_POINTS), 3)) + rng.normal(0, 0.002, (frames, len(LIP_POINTS), 3))
    lips[:, 20:, 1] += 0.1 * opening[:, None]
    heard = np.interp(np.arange(ROWS * frames) / ROWS, np.arange(frames), opening)
    rows = heard[:, None] + rng.normal(0, 0.3, (ROWS * frames, BANDS))
    crops = np.full((frames if pixels else 0, 48, 64), 128, np.uint8)
    if pixels:
        crops[:, 20:30] = np.clip(128 + 50 * opening, 0, 255)[:, None, None]
    sounds = Sounds({"clean": rows.astype(np.float32)}, {"clean": 1.0}, ROWS)
    return SyncClip(
        f"clip{seed}",
        f"person{seed // 2}",
        "made",
        lips.astype(np.float32),
        crops,
        sounds,
        np.zeros(frames),
        0.0,
    )


@pytest.fixture(scope="module")
def crowd():
    return [made_up(seed) for seed in range(24)]


def learn(network, clips, steps):
    sampler = Sampler(clips, seed=0, size=12, looked_at=6 if len(clips[0].crops) else 0)
    objective = SyncObjective(network)
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    for step in range(steps):
        optimiser.zero_grad()
        objective(sampler.batch(step), "network")["total"].backward()
        optimiser.step()
    return network.eval()


def share_right(network, clips):
    """Right five-frame answers on clips the network has not seen."""
    from sonic.train.sync.measure import listen, look

    found = [hit for heard in listen(clips, lambda a, b: look(network, a, b)) for hit in hits(heard)]
    five = [hit for hit in found if hit.frames == 5]
    return sum(hit.right for hit in five) / sum(hit.asked for hit in five)


@pytest.fixture(scope="module")
def learned(crowd):
    torch.manual_seed(0)
    return learn(SyncNetwork(TINY), crowd[:20], 60)


def test_it_finds_the_sound_of_faces_it_has_never_seen(learned, crowd):
    assert share_right(learned, crowd[20:]) > 0.5  # three of 31 shifts count as right: chance is 0.1


def test_mouth_pixels_learn_too():
    torch.manual_seed(0)
    clips = [made_up(seed, frames=32, pixels=True) for seed in range(12)]
    network = learn(SyncNetwork(replace(TINY, landmarks=False, pixels=True)), clips[:10], 16)
    assert share_right(network, clips[10:]) > 0.3


def test_one_frame_off_is_neither_right_nor_wrong():
    inside, _ = negatives(torch.ones(3, 40, dtype=torch.bool))
    distances = (torch.arange(40)[:, None] - torch.arange(40)).abs()
    assert set(distances[inside[0]].tolist()) == set(range(2, 16))


def test_at_least_half_of_the_negatives_come_from_the_clip():
    usable = torch.rand(9, 30, generator=torch.Generator().manual_seed(0)) > 0.4
    inside, outside = negatives(usable)
    assert (inside.sum(-1) >= outside.sum(-1)).all()
    assert outside.any()
    assert not (inside & ~usable[:, None, :]).any()
    clips, windows, others = outside.nonzero(as_tuple=True)
    assert (clips != others).all()
    assert usable[others, windows].all()


def test_silent_windows_are_not_asked():
    generator = torch.Generator().manual_seed(0)
    inside, outside = torch.randn(2, 20, 20, generator=generator), torch.randn(2, 2, 20, generator=generator)
    usable = torch.ones(2, 20, dtype=torch.bool)
    counted = torch.zeros(2, 20, dtype=torch.bool)
    assert matching_loss(inside, outside, usable, counted) == 0
    counted[0, 3] = True
    asked = inside.clone().requires_grad_()
    matching_loss(asked, outside, usable, counted).backward()
    assert asked.grad[0, 3].abs().sum() > 0
    assert asked.grad[1].abs().sum() == 0


def test_right_matches_have_no_loss():
    usable = torch.ones(2, 20, dtype=torch.bool)
    inside = 50 * torch.eye(20).repeat(2, 1, 1)
    outside = torch.zeros(2, 2, 20)
    assert matching_loss(inside, outside, usable, usable) < 1e-3
    assert matching_loss(inside.roll(5, 2), outside, usable, usable) > 10


def test_the_sound_tower_hears_its_window_and_nothing_else():
    network = SyncNetwork(TINY).eval()
    rows = torch.randn(1, ROWS * 20, BANDS, requires_grad=True)
    network.audio(rows)[0, 7].sum().backward()
    heard = rows.grad[0].abs().sum(1).nonzero().ravel()
    assert (heard.min(), heard.max()) == (ROWS * 7, ROWS * 12 - 1)


def test_padding_does_not_change_a_face():
    network = SyncNetwork(TINY).eval()
    lips = torch.randn(1, 20, len(LIP_POINTS), 2)
    padded = torch.cat([lips, torch.randn(1, 6, len(LIP_POINTS), 2)], 1)
    valid = torch.arange(26)[None] < 20
    assert torch.allclose(network.face(lips), network.face(padded, valid)[:, :16], atol=1e-5)


def test_a_mirrored_mouth_is_a_mouth(talk):
    lips = lip_points(talk(1).landmarks)
    assert np.allclose(mirrored(mirrored(lips)), lips)
    assert np.abs(mirrored(lips) - lips).mean() < 0.05


def test_lips_of_motion_are_the_tracked_lips(shipped_space, talk):
    track = talk(2)
    motion = torch.from_numpy(
        (shipped_space.encode(track.landmarks) - shipped_space.mean) / shipped_space.spread
    )[None]
    motion.requires_grad_()
    made = MotionLips(shipped_space)(motion)
    real = lip_points(track.landmarks)
    moved = made[0].detach().numpy()
    difference = (moved - moved.mean(0)) - (real - real.mean(0))
    assert np.abs(difference[..., :2]).mean() < 0.02
    SyncNetwork(TINY).face(made).sum().backward()
    assert motion.grad[..., shipped_space.groups["mouth"]].abs().sum() > 0


def test_shifts_that_leave_a_short_clip_get_other_sound():
    own, other = np.random.default_rng(0).normal(size=(2, 26, 26))
    table = shift_table(own)
    whole = completed(table, other, 5)
    assert np.isfinite(whole).all()
    assert np.array_equal(whole[np.isfinite(table)], table[np.isfinite(table)])


def test_an_answer_within_a_frame_is_right():
    scores = {"lips": np.eye(60)[:, 1:]}  # the sound comes a frame early
    clip = made_up(0)
    loud = np.ones(60, bool)
    early = list(hits(Heard(clip, scores, {}, loud)))
    assert all(hit.right == hit.asked for hit in early)
    late = list(hits(Heard(clip, {"lips": np.roll(np.eye(60), 4, 1)}, {}, loud)))
    assert all(hit.right == 0 for hit in late)


def test_a_person_whose_sound_is_late_is_heard_and_timed():
    clip, loud = made_up(0), np.ones(56, bool)
    late = np.arange(56)[:, None] + 3 - np.arange(56)  # the sound comes three frames late
    near = np.exp(-(late**2) / 2)
    group = [Heard(clip, {"lips": near}, {"lips": 0 * near}, loud)] * 8
    timings = person_timings(group)
    assert timings[clip.person] == pytest.approx(3, abs=0.1)
    # At the end of a clip the late sound does not exist any more.
    assert all(hit.right < 0.1 * hit.asked for heard in group for hit in hits(heard))
    assert all(hit.right > 0.9 * hit.asked for heard in timed(group, timings) for hit in hits(heard))


def test_writing_a_clip_again_does_not_move_it():
    rng = np.random.default_rng(0)
    sound = (np.repeat(rng.random(30) > 0.5, 640) * rng.normal(0, 0.2, 19200)).astype(np.float32)
    crops = np.full((30, 96, 128, 3), 60, np.uint8)
    crops[12:] = 200
    for codec in CODECS:
        pictures, heard = recoded(crops, sound, codec)
        assert np.argmax(np.diff(pictures.mean((1, 2, 3)))) == 11
        level = [np.add.reduceat(np.abs(x[:19200]), np.arange(0, 19200, 640)) for x in (sound, heard)]
        assert np.corrcoef(level)[0, 1] > 0.9


def test_a_resumed_run_equals_an_uninterrupted_one(crowd, tmp_path):
    settings = SyncSettings(sound="mel", pixels=False, batch=8, width=16)
    clips = [
        replace(clip, sounds=Sounds({"clean": np.tile(clip.sounds.rows["clean"], 10)}, {"clean": 1.0}, ROWS))
        for clip in crowd
    ]
    run(SyncStage(clips, settings, seed=0), LOOP, tmp_path / "whole")
    run(SyncStage(clips, settings, seed=0), replace(LOOP, steps=2), tmp_path / "parts")
    run(SyncStage(clips, settings, seed=0), LOOP, tmp_path / "parts")
    whole, parts = load_sync(tmp_path / "whole"), load_sync(tmp_path / "parts")
    for name, value in whole.state_dict().items():
        assert torch.equal(value, parts.state_dict()[name]), name


def test_a_smaller_share_of_people_lies_inside_a_larger_one(data):
    clips = load_clips(data, "train")
    names = [{clip.person for clip in share_of_people(clips, share)} for share in (0.3, 0.6, 1.0)]
    assert names[0] < names[1] < names[2]


def call(*arguments):
    result = CliRunner().invoke(train, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_trains_and_reports(data, tmp_path):
    shown = call("sync", str(data), "-o", str(tmp_path), "--steps", "2", "--batch", "4", "--device", "cpu")
    assert "| VocaLiST (2022) | LRS2, about 200 h | 92.8 | 98.4 | 99.8 |" in shown
    assert "not confined to its window" in shown
    report = json.loads((tmp_path / "report.json").read_text())
    assert {"lips", "mouth", "both", "ridge", "both, timed"} <= {row["view"] for row in report["accuracy"]}
    assert [row["codec"] for row in report["codecs"]] == [codec.name for codec in CODECS]
    assert (tmp_path / "offsets.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ConfigError, match="other settings"):
        call("sync", str(data), "-o", str(tmp_path), "--steps", "2", "--batch", "5")
    add_curve(tmp_path, [tmp_path, tmp_path])
    assert "## Learning curve (both)" in (tmp_path / "report.md").read_text()


def test_a_judge_comes_out_that_evaluation_can_load(data, talk, tmp_path):
    from sonic.evaluate.judge import SyncJudge

    call("sync", str(data), "-o", str(tmp_path), "--judge", "--steps", "1", "--batch", "2", "--device", "cpu")
    result = SyncJudge.load(tmp_path / "judge").score(
        np.random.default_rng(0).normal(0, 0.1, 64 * 640), talk(0).landmarks
    )
    assert result.curve.shape == (31,)


def test_the_curve_says_how_much_data_is_needed():
    minutes = np.array([10.0, 20.0, 40.0])
    assert minutes_needed(minutes, 1 - 4 / minutes) == pytest.approx(80)
    assert np.isnan(minutes_needed(minutes, 0.5 + 0 * minutes))
    assert np.isnan(minutes_needed([7.0, 7.0], [0.5, 0.6]))


def test_a_run_without_a_report_has_no_curve(tmp_path):
    with pytest.raises(ConfigError, match="no report.json"):
        common_view([tmp_path])


def test_a_split_without_people_is_named(data):
    from sonic.train.sync.stage import training_clips

    with pytest.raises(ConfigError, match="nobody"):
        training_clips(data, SyncSettings(split="nobody"))
