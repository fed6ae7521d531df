from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from sonic.clips import load_clips
from sonic.errors import ConfigError
from sonic.motion.sampler import MotionSampler
from sonic.train.cli import train
from sonic.train.motion.dataset import Sampler, mirror
from sonic.train.motion.loop import TrainConfig, Training, run
from sonic.train.motion.network import MotionNetwork, NetworkConfig
from sonic.train.prepare.space_fit import mirror_indices, mirror_signs, mirrored

TINY = NetworkConfig(motion_dim=29, width=32, trunk_blocks=1, flow_blocks=1, heads=2)
CONFIG = TrainConfig(steps=6, warm_up=2, save_every=3)


# Raised inside torch by its own exporter.
pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")


def call(*arguments):
    result = CliRunner().invoke(train, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def clips(data):
    return load_clips(data, "train")


@pytest.fixture(scope="module")
def batches(clips, space):
    return Sampler(clips, space, seed=0, batch_scale=0.2)


@pytest.fixture(scope="module")
def trained(batches, tmp_path_factory):
    """A tiny network after forty steps, with its losses."""
    folder = tmp_path_factory.mktemp("run")
    training = Training(TINY, replace(CONFIG, steps=40, save_every=40), batches)
    losses = []
    run(training, folder, lambda _, terms: losses.append(terms["total"]))
    return folder, losses


@pytest.fixture(scope="module")
def exported(trained, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    result = call("export", str(trained[0]), str(data), "-o", str(folder), "--name", "tiny")
    assert "differs from the network" in result.output
    return folder


def test_training_learns(trained):
    _, losses = trained
    assert np.mean(losses[-8:]) < 0.8 * np.mean(losses[:8])


def test_a_resumed_run_equals_an_uninterrupted_one(batches, tmp_path):
    whole = Training(TINY, CONFIG, batches)
    run(whole, tmp_path / "whole")
    first = Training(TINY, CONFIG, batches)
    while first.step < 3:
        first.advance()
    first.save(tmp_path / "parts")
    second = Training(TINY, CONFIG, batches)
    run(second, tmp_path / "parts")
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, second.network.state_dict()[name]), name
        assert torch.equal(whole.averaged[name], second.averaged[name]), name


def test_another_network_does_not_resume(trained, batches):
    folder, _ = trained
    with pytest.raises(ConfigError, match="another shape"):
        Training(replace(TINY, width=64), CONFIG, batches).resume(folder)


def test_the_same_step_has_the_same_batch(batches):
    first, again, other = batches.batch(5), batches.batch(5), batches.batch(6)
    assert torch.equal(first.motion, again.motion)
    assert first.motion.shape != other.motion.shape or not torch.equal(first.motion, other.motion)


def test_padding_changes_nothing():
    network = MotionNetwork(TINY).eval()
    features, no = torch.randn(1, 40, 384), torch.zeros(1, dtype=torch.bool)
    padded = torch.cat([features, torch.zeros(1, 20, 384)], 1)
    valid = torch.arange(30)[None] < 20
    alone, beside = network.condition(features, no), network.condition(padded, no, valid)
    # The two frames at the end see padding instead of nothing through the first convolution.
    assert torch.allclose(alone[:, :10], beside[:, :10], atol=0.05)


def test_mirroring_a_face_mirrors_its_motion(space, talk):
    landmarks = talk(3).landmarks
    flipped = mirrored(landmarks, mirror_indices(space.template)) + np.array([256, 0, 0], np.float32)
    motion = mirror(space.encode(landmarks), mirror_signs(space), space)
    difference = (space.encode(flipped) - motion) / space.spread
    assert np.abs(difference).mean() < 0.15


def test_the_export_tells_nothing_about_this_machine(exported):
    for name in ("trunk.onnx", "motion.onnx"):
        assert b".py" not in (exported / name).read_bytes()


def test_the_export_makes_motion(exported, data):
    sampler = MotionSampler(exported)
    clip = load_clips(data, "dev", augmented=False)[0]
    features, truth = clip.window("clean", 0, 500)
    motion = np.concatenate(list(sampler.stream([features], frames=len(truth), seed=0, steps=2)))
    assert motion.shape == truth.shape


def test_motion_command_trains_and_logs(data, tmp_path):
    call("motion", str(data), "-o", str(tmp_path), "--steps", "2", "--width", "32", "--batch-scale", "0.1")
    assert (tmp_path / "checkpoint.safetensors").exists()
    assert list((tmp_path / "logs").iterdir())
