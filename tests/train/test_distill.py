from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import sonic
from sonic.clips import load_clips
from sonic.errors import ConfigError, WeightsError
from sonic.inference import Network
from sonic.motion.probe import LipProbe
from sonic.motion.sampler import MotionSampler, SamplerConfig
from sonic.motion.solver import STUDENT, Problem, Solver
from sonic.speech.causal import CausalSpeechEncoder
from sonic.speech.encoder import SpeechEncoder
from sonic.train.cli import train
from sonic.train.distill.lessons import record_lessons
from sonic.train.distill.motion_stage import MotionStage, collate
from sonic.train.distill.reels import Reels, heard_and_meant, record_reels
from sonic.train.distill.report import feature_correlation
from sonic.train.distill.ship import ship_encoder
from sonic.train.distill.speech_network import CausalConfig, CausalEncoder
from sonic.train.distill.speech_stage import SpeechStage
from sonic.train.distill.teacher import fingerprint, read_flow
from sonic.train.engine import LoopConfig, run, seeded
from sonic.train.export.model_folder import export_model, ship_space
from sonic.train.motion.network import MotionNetwork, NetworkConfig

SHIPPED = Path(sonic.__file__).parent / "assets" / "sonic-base"
TINY = CausalConfig(width=16, dilations=(1, 2), kernel=3, lookahead=4)
LOOP = LoopConfig(steps=4, learning_rate=2e-3, warm_up=1, average=0.5, save_every=2, picture_every=2)

# Raised inside torch by its own exporter.
pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")


def say_nothing(stage, done, total):
    pass


@pytest.fixture(scope="module")
def clips(data):
    return load_clips(data, "train")


@pytest.fixture(scope="module")
def teacher(data, tmp_path_factory):
    """A model folder whose networks are small and know nothing."""
    folder = tmp_path_factory.mktemp("teacher")
    with seeded(0):
        network = MotionNetwork(NetworkConfig(29, width=32, trunk_blocks=1, flow_blocks=1, heads=2))
        for weight in network.parameters():  # what starts as zero would not be told apart in the file
            torch.nn.init.normal_(weight, std=0.1)
    export_model(network.eval(), folder, SamplerConfig(window=60, context=20), {"name": "small"})
    ship_space(data, folder)
    return folder


@pytest.fixture(scope="module")
def lessons(teacher, clips, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lessons")
    return record_lessons(teacher, clips, folder, count=2, seed=0, report=say_nothing)


@pytest.fixture
def motion_stage(teacher, lessons, space):
    def make(**options):
        settings = {"teacher": fingerprint(teacher), "steps": 2, "seed": 0, "batch": 2} | options
        return MotionStage(*read_flow(teacher), space, lessons, **settings)

    return make


def test_a_teacher_is_read_out_of_its_file():
    network, config = read_flow(SHIPPED)
    rng = torch.Generator().manual_seed(0)
    shapes = [(2, 33, config.motion_dim), (2,), (2, 33, config.width), (2, 33, config.motion_dim), (2, 33, 1)]
    inputs = [torch.rand(shape, generator=rng) for shape in [*shapes, (2, 2 * config.style_dim)]]
    with torch.no_grad():
        expected = network.eval()(*inputs).numpy()
    given = Network(SHIPPED / "motion.onnx")(*(each.numpy() for each in inputs))[0]
    np.testing.assert_allclose(given, expected, atol=1e-4)


def test_a_changed_teacher_has_another_mark(teacher, tmp_path):
    for name in ("config.json", "trunk.onnx", "motion.onnx"):
        (tmp_path / name).write_bytes((teacher / name).read_bytes())
    assert fingerprint(tmp_path) == fingerprint(teacher)
    (tmp_path / "config.json").write_text("{}")
    assert fingerprint(tmp_path) != fingerprint(teacher)


def test_a_folder_without_a_model_teaches_nothing(tmp_path):
    (tmp_path / "config.json").write_text('{"network": {"motion_dim": 29}}')
    with pytest.raises(WeightsError, match="no motion model to learn from"):
        read_flow(tmp_path)


def test_lessons_are_what_the_teacher_does(teacher, lessons):
    one = lessons[0]
    problem = Problem(one.speech[None], one.known, one.is_known, one.style)
    again = Solver(teacher).solve(one.noise, problem, 12)
    assert np.abs(again - one.answer).mean() < 0.02  # the lesson is kept in half precision


def test_recordings_go_on_where_they_stopped(teacher, clips, lessons, tmp_path):
    for count in (1, 2):
        resumed = record_lessons(teacher, clips, tmp_path, count=count, seed=0, report=say_nothing)
    assert len(resumed) == len(lessons)
    for one, other in zip(resumed, lessons, strict=True):
        np.testing.assert_array_equal(one.answer, other.answer)


def test_lessons_need_clips(teacher, tmp_path):
    with pytest.raises(ConfigError, match="no clips"):
        record_lessons(teacher, [], tmp_path, count=1, seed=0, report=say_nothing)


def test_the_student_takes_the_steps_of_the_solver(teacher, lessons, motion_stage):
    stage, one = motion_stage(), lessons[-1]
    with torch.no_grad():
        trained = stage.objective.eval().solve(collate([one], steps=2))[0].numpy()
    problem = Problem(one.speech[None], one.known, one.is_known, one.style)
    np.testing.assert_allclose(trained, Solver(teacher).solve(one.noise, problem, 2), atol=1e-3)


def test_padding_does_not_count(lessons, motion_stage):
    stage, one = motion_stage(), lessons[0]
    longest = max(lessons, key=lambda lesson: len(lesson.noise))
    alone, padded = collate([one], 1), collate([one, longest], 1)
    assert padded.valid.sum() == len(one.noise) + len(longest.noise)
    with torch.no_grad():
        pair = [stage.objective.eval().solve(batch)[0, : len(one.noise)] for batch in (alone, padded)]
    torch.testing.assert_close(*pair, atol=1e-3, rtol=1e-3)


def test_a_student_comes_nearer_to_its_teacher(lessons, motion_stage):
    stage = motion_stage()
    lesson = collate(list(lessons), steps=2)
    optimiser = torch.optim.AdamW(stage.objective.network.parameters(), 3e-4)
    losses = []
    for _ in range(6):
        loss = stage.objective(lesson, "network")["total"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]


def test_a_batch_is_always_the_same(motion_stage):
    one, again = (motion_stage().batch(5) for _ in range(2))
    assert one.steps == again.steps
    torch.testing.assert_close(one.noise, again.noise)
    stage = motion_stage(steps=4)
    assert {stage.batch(step).steps for step in range(30)} == {1, 2, 4}


def test_distill_motion_command(teacher, data, tmp_path):
    call("motion", teacher, data, "-o", tmp_path, "--steps", 1, "--recordings", 1, "--batch", 1)
    about = json.loads((tmp_path / "model" / "config.json").read_text())
    assert about["student"] == {"steps": 2, "guidance": 1.0}
    assert MotionSampler(tmp_path / "model").solver.student_steps(1.0) == 2
    assert not (teacher / STUDENT).exists()


def call(*arguments):
    result = CliRunner().invoke(train, ["distill", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def reels(clips, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reels")
    sounds = [clip.sound for clip in clips]
    return record_reels(sounds, SpeechEncoder(), folder, minutes=0.5, seed=0, report=say_nothing)


def speech_stage(reels, data):
    probe = LipProbe.load(data / "probe.safetensors")
    return SpeechStage(reels, probe, TINY, seed=0, batch=2, window=80)


def test_a_reel_holds_what_the_encoder_hears(clips):
    sound = clips[0].sound[:9_700]
    features = SpeechEncoder().encode(sound)
    rows = heard_and_meant(sound, features)
    assert rows.shape == (31, 160 + 384)
    np.testing.assert_array_equal(rows[:, 160:], features)
    quiet = heard_and_meant(0 * sound, features)
    assert rows[:, :160].mean() > quiet[:, :160].mean()


def test_reels_go_on_where_they_stopped(reels, clips, tmp_path):
    sounds = [clip.sound for clip in clips]
    again = record_reels(sounds, SpeechEncoder(), tmp_path, minutes=0.5, seed=0, report=say_nothing)
    one, other = (each.window(np.random.default_rng(0), 100) for each in (reels, again))
    np.testing.assert_array_equal(one[1], other[1])
    assert len(Reels(tmp_path)) == 1


def test_reels_need_sound(tmp_path):
    with pytest.raises(ConfigError, match="less than a second"):
        record_reels([], SpeechEncoder(), tmp_path, minutes=1, seed=0, report=say_nothing)


def test_a_causal_network_hears_no_future():
    network = CausalEncoder(TINY).eval()
    sound = torch.randn(1, 50, TINY.mel_dim)
    other = torch.cat([sound[:, :30], torch.randn(1, 20, TINY.mel_dim)], 1)
    with torch.no_grad():
        one, two = (network(each, network.no_memory(1))[0] for each in (sound, other))
    torch.testing.assert_close(one[:, :30], two[:, :30])
    assert (one[:, 30:] - two[:, 30:]).abs().max() > 1e-3


@pytest.fixture(scope="module")
def student(reels, data, tmp_path_factory):
    """A barely trained causal encoder, as shipped."""
    folder = tmp_path_factory.mktemp("speech")
    run(speech_stage(reels, data), LOOP, folder)
    ship_encoder(folder, folder / "student.onnx")
    assert list((folder / "pictures").iterdir())
    return CausalSpeechEncoder(folder / "student.onnx")


@pytest.mark.parametrize("samples", [1, 320, 321, 16_000, 40_321])
def test_one_feature_for_twenty_milliseconds(student, clips, samples):
    sound = np.resize(clips[0].sound, samples)
    assert student.encode(sound).shape == (-(-samples // 320), student.dim)


def test_blocks_of_any_size_give_the_same_features(student, clips):
    sound = clips[0].sound
    cuts = np.sort(np.random.default_rng(3).integers(0, len(sound), 25))
    streamed = np.concatenate(list(student.stream(np.split(sound, cuts))))
    np.testing.assert_allclose(streamed, student.encode(sound), atol=1e-4)


def test_features_come_after_the_delay(student, clips):
    given, done = [], 0

    def blocks():
        for start in range(0, 16_000, 160):
            given.append(start + 160)
            yield clips[0].sound[start : start + 160]

    for features in student.stream(blocks()):
        done += len(features)
        assert given[-1] - (done - 1) * 320 <= student.delay * 16_000 + 320


def test_what_comes_after_the_delay_changes_nothing(student, clips):
    sound, silent = clips[0].sound[:16_000], clips[0].sound[:16_000].copy()
    silent[10_000:] = 0
    same = int((10_000 - student.delay * 16_000) // 320)
    one, two = student.encode(sound), student.encode(silent)
    np.testing.assert_array_equal(one[:same], two[:same])
    assert np.abs(one[same:] - two[same:]).max() > 1e-3


def test_another_network_is_no_causal_encoder():
    with pytest.raises(WeightsError, match="no causal encoder"):
        CausalSpeechEncoder(SHIPPED / "trunk.onnx")


def test_distill_speech_command(data, tmp_path):
    call("speech", data, "-o", tmp_path, "--steps", 1, "--minutes", 0.5, "--width", 16, "--batch", 1)
    assert "| people |" in (tmp_path / "report.md").read_text()


def test_feature_correlation_knows_the_same_again():
    features = np.random.default_rng(0).normal(size=(50, 6))
    assert feature_correlation(features, 3 * features + 1) == pytest.approx(1)
    assert abs(feature_correlation(features, features[::-1])) < 0.5
