from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from sonic.clips import load_clips
from sonic.errors import ConfigError
from sonic.inference import Network
from sonic.motion.probe import LipProbe
from sonic.speech.encoder import SpeechEncoder
from sonic.train.cli import train
from sonic.train.engine import LoopConfig, run
from sonic.train.repair.command import FILE
from sonic.train.repair.mixtures import Mixtures, Speech, record_mixtures
from sonic.train.repair.network import RepairConfig, RepairNetwork
from sonic.train.repair.noises import babble, draw_noise
from sonic.train.repair.ship import ship_repair
from sonic.train.repair.stage import RepairStage

TINY = RepairConfig(width=16, dilations=(1, 2))
LOOP = LoopConfig(steps=4, learning_rate=2e-3, warm_up=1, average=0.5, save_every=2)

# Raised inside torch by its own exporter.
pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")


@pytest.fixture(scope="module")
def speech(data):
    people = defaultdict(list)
    for clip in load_clips(data, "train"):
        people[clip.person].append(np.asarray(clip.sound))
    return Speech(people)


@pytest.fixture(scope="module")
def mixtures(speech, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixtures")
    return record_mixtures(speech, SpeechEncoder(), folder, minutes=0.34, seed=1, report=lambda *_: None)


@pytest.fixture(scope="module")
def probe(data):
    return LipProbe.load(data / "probe.safetensors")


def stage_of(mixtures, probe):
    return RepairStage(mixtures, probe, TINY, seed=3, batch=2, window=80)


@pytest.mark.parametrize("seed", range(12))
def test_every_kind_of_noise_has_unit_spread(seed):
    rng = np.random.default_rng(seed)
    others = [rng.standard_normal(4000).astype(np.float32) for _ in range(3)]
    noise = draw_noise(16_000, others, rng)
    assert noise.shape == (16_000,)
    assert noise.std() == pytest.approx(1, abs=0.01)


def test_babble_is_made_of_the_voices_given():
    rng = np.random.default_rng(0)
    silent, loud = np.zeros(4000, np.float32), np.tile([1, -1], 2000).astype(np.float32)
    assert not babble(8000, [silent], rng).any()
    assert babble(8000, [loud], rng).any()


def test_mixtures_are_the_same_again_and_go_on_where_they_stopped(mixtures, speech, tmp_path):
    again = record_mixtures(speech, SpeechEncoder(), tmp_path, minutes=0.17, seed=1, report=lambda *_: None)
    one, other = (made.window(np.random.default_rng(5), 40) for made in (again, Mixtures(tmp_path)))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(again._rows[0], mixtures._rows[0])
    assert (len(again), len(mixtures)) == (1, 2)


def test_babble_needs_two_people(tmp_path):
    with pytest.raises(ConfigError, match="2 at least"):
        record_mixtures(Speech({"one": []}), SpeechEncoder(), tmp_path, minutes=1, seed=0, report=print)


def test_noise_moves_features_and_the_clean_ones_are_what_is_wanted(mixtures):
    heard, clean = mixtures.window(np.random.default_rng(0), 200)
    assert heard.shape == clean.shape == (200, 384)
    assert np.abs(heard - clean).mean() > 0.05


def test_the_network_sees_as_far_as_it_says():
    torch.manual_seed(0)
    network = RepairNetwork(TINY).eval()
    torch.nn.init.normal_(network.leave.weight, std=0.1)
    features = torch.randn(1, 40, 384)
    changed = features.clone()
    changed[:, 20] += 1
    with torch.no_grad():
        difference = (network(features) - network(changed)).abs().amax((0, 2))
    assert difference.nonzero().ravel().tolist() == list(range(20 - TINY.reach, 21 + TINY.reach))


def test_training_runs_and_ships_what_it_learned(mixtures, probe, tmp_path):
    run(stage_of(mixtures, probe), LOOP, tmp_path)
    parity = ship_repair(tmp_path, tmp_path / FILE)
    assert parity.error < 5e-3
    network = Network(tmp_path / FILE)
    assert network(np.zeros((1, 5, 384), np.float32))[0].shape == (1, 5, 384)
    assert f'"reach": {TINY.reach}' in network.metadata["repair"]


def test_the_loss_counts_lips(mixtures, probe):
    stage = stage_of(mixtures, probe)
    terms = stage.objective(stage.batch(0), "network")
    assert set(terms) == {"features", "lips", "opening", "total"}
    assert all(torch.isfinite(term) for term in terms.values())


def test_train_repair_command(data, tmp_path):
    arguments = ["repair", data, "-o", tmp_path, "--steps", 1, "--minutes", 0.17, "--batch", 1]
    outcome = CliRunner().invoke(train, [str(argument) for argument in arguments], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    assert (tmp_path / FILE).exists()
