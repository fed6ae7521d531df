from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from safetensors.torch import load_file

from sonic.clips import load_clips
from sonic.errors import ConfigError, InputError
from sonic.motion.sampler import MotionSampler, SamplerConfig
from sonic.train.cli import train
from sonic.train.engine import LoopConfig, run
from sonic.train.export.card import write_card
from sonic.train.export.command import export_run
from sonic.train.logs import read_losses
from sonic.train.motion.dataset import Sampler, mirror
from sonic.train.motion.network import MotionNetwork, NetworkConfig
from sonic.train.motion.stage import MotionStage, load_trained
from sonic.train.prepare.space_fit import mirror_indices, mirror_signs, mirrored

TINY = NetworkConfig(motion_dim=29, width=32, trunk_blocks=1, flow_blocks=1, heads=2)
CONFIG = LoopConfig(steps=6, warm_up=2, save_every=3, picture_every=0, device="cpu")


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
def trained(batches, clips, tmp_path_factory):
    """The folder of a tiny network after forty steps."""
    folder = tmp_path_factory.mktemp("run")
    run(MotionStage(TINY, batches, clips), replace(CONFIG, steps=40, save_every=2, picture_every=40), folder)
    return folder


@pytest.fixture(scope="module")
def exported(trained, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    result = call("export", str(trained), str(data), "-o", str(folder), "--name", "tiny")
    assert "differs from the network" in result.output
    return folder


def test_training_learns(trained):
    losses = [row["total"] for row in read_losses(trained / "losses.csv")]
    assert np.mean(losses[-4:]) < 0.8 * np.mean(losses[:4])


def test_training_shows_lips_and_faces(trained):
    names = sorted(path.name for path in (trained / "pictures").iterdir())
    assert names == ["0000040-faces.png", "0000040-lip-opening.png"]
    with Image.open(trained / "pictures" / "0000040-faces.png") as picture:
        assert picture.size == (8 * 160, 2 * 160)


def test_a_resumed_run_equals_an_uninterrupted_one(batches, clips, tmp_path):
    class Killed(MotionStage):
        def batch(self, step):
            if step == 4:
                raise MemoryError
            return super().batch(step)

    run(MotionStage(TINY, batches, clips), CONFIG, tmp_path / "whole")
    with pytest.raises(MemoryError):
        run(Killed(TINY, batches, clips), CONFIG, tmp_path / "parts")
    run(MotionStage(TINY, batches, clips), CONFIG, tmp_path / "parts")
    whole, parts = (load_file(tmp_path / name / "checkpoint.safetensors") for name in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    for name, value in whole.items():
        assert torch.equal(value, parts[name]), name


def test_another_network_does_not_resume(trained, batches, clips):
    with pytest.raises(ConfigError, match="width 32 instead of 64"):
        run(MotionStage(replace(TINY, width=64), batches, clips), CONFIG, trained)


def test_half_precision_learns_too(batches, clips, tmp_path):
    run(MotionStage(TINY, batches, clips), replace(CONFIG, precision="bf16-mixed"), tmp_path)
    assert all(value.isfinite().all() for value in load_trained(tmp_path).state_dict().values())


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


def test_the_export_has_a_card(exported):
    card = (exported / "README.md").read_text(encoding="utf-8")
    assert card.startswith("# tiny\n")
    assert "| person2 | train | 1 | 1 |" in card
    assert "| steps | 40 |" in card
    assert "| network.width | 32 |" in card
    assert "Weights: Apache-2.0." in card


def test_figures_become_part_of_the_card(exported, trained, data, tmp_path):
    with pytest.raises(InputError, match="sonic evaluate MODEL DATA"):
        write_card(exported, trained, data, "fp16", licence="MIT", figures=tmp_path)
    (tmp_path / "evaluation.md").write_text("## Lips\n\n| a | b |\n")
    path = write_card(exported, trained, data, "fp16", licence="MIT", figures=tmp_path)
    card = path.read_text(encoding="utf-8")
    assert "## Figures\n\n### Lips\n\n| a | b |" in card
    assert "Weights: MIT." in card


def test_eight_bits_move_the_lips_alike(exported, trained, data, tmp_path):
    options = {"name": "tiny", "sampler": SamplerConfig(), "precision": "int8"}
    lines = list(export_run(trained, data, tmp_path / "small", **options))
    assert any("lips follow those in fp32" in line for line in lines)
    sizes = [(folder / "motion.onnx").stat().st_size for folder in (exported, tmp_path / "small")]
    assert sizes[1] < sizes[0]


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
