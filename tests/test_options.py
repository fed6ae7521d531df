"""Every option does what it says, measured on the motion made or on landmarks tracked in the frames drawn."""

from __future__ import annotations

from dataclasses import fields
from functools import cache

import numpy as np
import pytest

from sonic.config import GenerateConfig
from sonic.errors import SpeakerError
from sonic.face.landmarks import FaceTracker
from sonic.media.audio import AudioSource
from sonic.motion import solver
from sonic.motion.head import fit_head, rotation_vectors
from sonic.motion.mouth import lip_opening
from sonic.motion.space import FaceMotion
from sonic.pipeline import prepare


@pytest.fixture(scope="module")
def moves(model, portrait_path, speech_path):
    """Makes the motion for the example voice, said three times over, with some options."""
    speech = AudioSource.open(speech_path).read(16_000)

    @cache
    def make(volume=1.0, **options):
        settings = {"min_resolution": 256, "crop": "face", "inference_steps": 8, "seed": 1, **options}
        audio = AudioSource.open((np.tile(speech, 3) * np.float32(volume), 16_000))
        take = prepare(model._networks, GenerateConfig(**settings), audio, portrait_path)
        chunks = list(take.motion())
        return FaceMotion(*(np.concatenate([getattr(c, f.name) for c in chunks]) for f in fields(FaceMotion)))

    return make


@pytest.fixture(scope="module")
def tracked(model, portrait_path, speech_path, quick):
    """Draws two seconds with some options: lip opening [T], head angles [T, 3], eye distance, all tracked."""
    template = model._networks.sampler.space.template

    @cache
    def watch(**options):
        settings = quick | {"min_resolution": 320, "inference_steps": 8, "duration": 2.0} | options
        tracker = FaceTracker()
        frames = model.stream(audio=speech_path, image=portrait_path, **settings)
        landmarks = np.stack([tracker.track(frame)[0] for frame in frames])
        pose, points = fit_head(landmarks, template)
        angles = rotation_vectors(pose.rotation)
        return lip_opening(points), angles - angles.mean(axis=0), float(np.median(pose.scale))

    return watch


def spread(values):
    return float(np.std(values, axis=0).sum())


def mouth(motion):
    return lip_opening(motion.displacement)


def test_dynamic_scale_moves_the_mouth_and_not_the_head(tracked):
    small, normal, large = (tracked(dynamic_scale=scale) for scale in (0.6, 1.0, 1.4))
    assert spread(small[0]) < 0.8 * spread(normal[0]) < 0.8 * 0.9 * spread(large[0])
    for other in (small, large):
        assert spread(other[1]) == pytest.approx(spread(normal[1]), rel=0.25, abs=0.01)


def test_motion_scale_moves_the_head_and_not_the_mouth(tracked):
    still, normal, lively = (tracked(motion_scale=scale) for scale in (0.0, 1.0, 1.6))
    assert spread(still[1]) < 0.6 * spread(normal[1]) < 0.6 * spread(lively[1])
    for other in (still, lively):
        assert spread(other[0]) == pytest.approx(spread(normal[0]), rel=0.25)


def test_a_still_head_still_blinks_unless_told_not_to(moves):
    normal, still, staring = moves(), moves(motion_scale=0.0), moves(motion_scale=0.0, blink=False)
    assert not still.rotation.any()
    assert not still.gaze.any()
    assert normal.rotation.any()
    assert still.lids.max() > 0.7
    assert not staring.lids.any()


def test_without_blinks_the_eyes_never_shut(moves):
    assert moves().lids.max() > 0.7
    assert moves(blink=False).lids.max() < 0.4


def test_dynamic_scale_zero_keeps_the_mouth_shut(moves):
    assert np.abs(mouth(moves(dynamic_scale=0.0))).max() < 1e-3
    assert mouth(moves()).max() > 0.05


def test_smoothing_takes_out_jitter_and_keeps_the_movement(moves):
    rough, smooth = moves(temporal_smoothing=False), moves(temporal_smoothing=True)
    for name in ("rotation", "translation"):
        before, after = getattr(rough, name), getattr(smooth, name)
        assert spread(np.diff(after, 3, axis=0)) < 0.8 * spread(np.diff(before, 3, axis=0))
        assert spread(after) == pytest.approx(spread(before), rel=0.2)
    assert np.corrcoef(mouth(rough), mouth(smooth))[0, 1] > 0.97


def test_refinement_moves_lips_by_less_than_two_frames(moves):
    plain, refined = mouth(moves(lip_sync_refinement=False)), mouth(moves(lip_sync_refinement=True))
    assert (plain != refined).any()
    lags = [np.corrcoef(plain[5:-5], np.roll(refined, lag)[5:-5])[0, 1] for lag in range(-4, 5)]
    assert abs(int(np.argmax(lags)) - 4) <= 2
    assert max(lags) > 0.85


def test_inference_steps_are_solver_steps(model, portrait_path, tone, monkeypatch):
    calls, guess = [], solver._guess
    monkeypatch.setattr(solver, "_guess", lambda *inputs: calls.append(1) or guess(*inputs))
    for steps in (1, 7):
        calls.clear()
        config = GenerateConfig(inference_steps=steps, seed=0, min_resolution=256, crop="face")
        take = prepare(model._networks, config, AudioSource.open((tone(1.0), 16_000)), portrait_path)
        list(take.motion())
        assert len(calls) == steps


def test_another_frame_rate_shows_the_same_motion(moves):
    usual, double = moves(), moves(fps=50.0)
    assert len(double) == 2 * len(usual)
    np.testing.assert_allclose(double.rotation[::2], usual.rotation, atol=1e-5)
    np.testing.assert_allclose(mouth(double)[::2], mouth(usual), atol=1e-4)


def test_expand_ratio_gives_room_around_the_head(tracked):
    assert tracked(expand_ratio=0.6)[2] < 0.85 * tracked()[2]


def test_min_resolution_is_the_side_of_the_animated_square(model, portrait_path, speech_path):
    sizes = {}
    for resolution in (256, 400):
        for crop in ("face", "full"):
            config = {"min_resolution": resolution, "crop": crop}
            sizes[resolution, crop] = model.generate(audio=speech_path, image=portrait_path, **config).size
    assert sizes[256, "face"] == (256, 256)
    assert sizes[400, "face"] == (400, 400)
    assert min(sizes[400, "full"]) >= 400


def test_a_quiet_recording_moves_the_lips_like_a_loud_one(moves):
    loud, quiet = mouth(moves()), mouth(moves(volume=0.1))
    assert np.corrcoef(loud, quiet)[0, 1] > 0.98
    assert quiet.std() == pytest.approx(loud.std(), rel=0.05)


def silences(motion, *stretches):
    """How far the mouth opens at most, IOD, in stretches of seconds."""
    return [float(mouth(motion)[round(start * 25) : round(end * 25)].max()) for start, end in stretches]


@pytest.fixture(scope="module")
def act(model, portrait_path):
    """Makes the motion for samples at 16 kHz with some options."""

    def make(samples, **options):
        settings = {"min_resolution": 256, "crop": "face", "inference_steps": 8, "seed": 1, **options}
        audio = AudioSource.open((samples.astype(np.float32), 16_000))
        chunks = list(prepare(model._networks, GenerateConfig(**settings), audio, portrait_path).motion())
        return FaceMotion(*(np.concatenate([getattr(c, f.name) for c in chunks]) for f in fields(FaceMotion)))

    return make


def test_before_and_after_the_words_a_living_face_keeps_its_mouth_shut(act, speech_path):
    speech = AudioSource.open(speech_path).read(16_000)
    motion = act(np.concatenate([np.zeros(48_000), speech, np.zeros(48_000)]))
    before, words, after = silences(motion, (0.2, 2.5), (3.2, 9.0), (10.0, 12.2))
    assert max(before, after) < 0.02
    assert words > 0.1
    assert motion.rotation[:62].std() > 1e-3


def test_denoising_brings_the_lips_back(act, speech_path):
    speech = AudioSource.open(speech_path).read(16_000)
    noise = np.random.default_rng(0).standard_normal(len(speech)) * 10 ** (-27 / 20)
    wanted = mouth(act(speech))
    dirty, clean = (
        mouth(act(speech + noise, denoise=choice, compensation=False)) for choice in ("off", "auto")
    )
    assert np.corrcoef(clean, wanted)[0, 1] > max(0.75, np.corrcoef(dirty, wanted)[0, 1] - 0.02)


def test_the_face_listens_while_others_speak(act, speech_path):
    speech = AudioSource.open(speech_path).read(16_000)
    high = np.interp(np.arange(0, len(speech), 1.5), np.arange(len(speech)), speech)
    pause = np.zeros(8000)
    sound = np.concatenate([speech[:50_000], pause, high[:45_000], pause, speech[50_000:]])
    others = (4.1, 6.2)
    assert silences(act(sound), others)[0] > 0.05
    own, listening, again = silences(act(sound, speaker="main"), (0.5, 3.0), others, (7.2, 9.5))
    assert listening < 0.02
    assert min(own, again) > 0.05
    assert silences(act(sound, speaker=2), others)[0] > 0.05
    with pytest.raises(SpeakerError, match="only 2"):
        act(sound, speaker=3)


def test_a_clean_sound_track_lasts_as_long_as_the_recording(model, portrait_path, speech_path):
    options = {"min_resolution": 256, "crop": "face", "seed": 1}
    video = model.generate(audio=speech_path, image=portrait_path, export_audio="clean", **options)
    assert video.audio.channels == 1
    assert video.audio.probe().duration == pytest.approx(
        AudioSource.open(speech_path).probe().duration, abs=1e-3
    )
