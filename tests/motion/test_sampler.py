from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import sonic
from sonic.errors import WeightsError
from sonic.motion.sampler import FeatureBuffer, MotionSampler, SamplerConfig, frame_noise, read_config
from sonic.speech.encoder import SpeechEncoder

FOLDER = Path(sonic.__file__).parent / "assets" / "sonic-base"


def sample(sampler, features, frames, **options):
    options = {"seed": 3, "steps": 4} | options
    return np.concatenate(list(sampler.stream([features], frames=frames, **options)))


@pytest.mark.parametrize("frames", [1, 5, 100, 109, 130, 333])
def test_as_many_frames_as_asked_for(sampler, features, frames):
    motion = sample(sampler, features(2 * frames), frames, steps=1)
    assert motion.shape == (frames, sampler.space.dim)
    assert np.isfinite(motion).all()


def test_the_seed_decides(sampler, features):
    sound = features(200)
    first, again, other = (sample(sampler, sound, 100, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 0.05


def test_steps_are_solver_steps(sampler, features):
    sound = features(200)
    coarse, fine, finest = (sample(sampler, sound, 100, steps=steps) for steps in (2, 16, 32))
    assert 0 < np.abs(fine - finest).mean() < np.abs(coarse - finest).mean()


def test_blocks_of_sound_make_no_difference(sampler, features):
    sound = features(500)
    whole = sample(sampler, sound, 250)
    pieces = sampler.stream(np.array_split(sound, 37), frames=250, seed=3, steps=4)
    assert np.allclose(np.concatenate(list(pieces)), whole, atol=1e-5)


def test_windows_have_no_seams(sampler, features):
    motion = sample(sampler, features(1400), 700) / sampler.space.spread
    jerk = np.abs(np.diff(motion, 2, axis=0)).mean(1)
    hops = [sampler.config.hop * k for k in range(1, 6)]
    seams = np.concatenate([jerk[hop - 3 : hop + 2] for hop in hops])
    assert seams.mean() < 1.3 * jerk.mean()


def test_sound_that_ends_early_is_held(sampler, features):
    assert sample(sampler, features(100), 120, steps=1).shape[0] == 120


def test_stronger_guidance_changes_the_motion(sampler, features):
    sound = features(120)
    guided = sampler.with_config(SamplerConfig(guidance=2.0))
    plain = sampler.with_config(SamplerConfig())
    assert np.abs(sample(guided, sound, 60) - sample(plain, sound, 60)).max() > 0.01


def test_noise_belongs_to_frames():
    whole = frame_noise(5, 0, 300, 4)
    assert np.array_equal(frame_noise(5, 70, 200, 4), whole[70:200])


def test_buffer_holds_no_more_than_it_must():
    blocks = (np.full((10, 2), number, np.float32) for number in range(1000))
    buffer = FeatureBuffer(blocks)
    for start in range(0, 4900, 100):
        taken = buffer.take(start, start + 100)
        assert taken[0, 0] == start * 2 // 10
        buffer.forget(start + 100)
        assert len(buffer._held) <= 210


def test_a_model_of_another_format_is_refused(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"format": 99, "sampler": {}}))
    with pytest.raises(WeightsError, match="format 99"):
        read_config(tmp_path / "config.json")


def test_a_damaged_config_is_refused(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "model")
    (tmp_path / "model" / "config.json").write_text('{"format": 1}')
    with pytest.raises(WeightsError, match="damaged"):
        MotionSampler(tmp_path / "model")


def test_listening_draws_the_mouth_towards_the_probe(sampler, features):
    sound = features(300)
    probe = sampler._probe.predict(sound)[:, 0]
    alone, listening = (sampler.with_config(SamplerConfig(listening=share)) for share in (0.0, 0.8))
    errors = [
        np.abs(sampler.space.opening(sample(model, sound, 150)) - probe).mean()
        for model in (alone, listening)
    ]
    assert errors[1] < errors[0]


def test_the_mouth_rests_while_nobody_speaks(sampler):
    rng = np.random.default_rng(0)
    hiss = SpeechEncoder().encode(rng.normal(0, 1e-3, 5 * 16_000).astype(np.float32))
    motion = sample(sampler, hiss, 125)
    assert sampler.space.opening(motion)[25:].max() < 0.03
    assert motion[:, sampler.space.groups["head"]].std() > 0.005
