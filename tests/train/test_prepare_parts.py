from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from operator import pow as power

import cv2
import numpy as np
import pytest

from sonic.errors import ConfigError, DependencyError
from sonic.train.prepare.faces import overlap, sharpness_of
from sonic.train.prepare.index import PreparedClip, read_index, write_index
from sonic.train.prepare.manifest import read_manifest
from sonic.train.prepare.measures import following, measure, wobble
from sonic.train.prepare.report import write_report
from sonic.train.prepare.settings import PrepareSettings
from sonic.train.prepare.shots import CutDetector
from sonic.train.prepare.speech_likeness import loudness, syllable_rhythm
from sonic.train.prepare.tracks import Footage
from sonic.train.prepare.verdicts import ANOTHER_SPEAKS, candidates, fault, one_speaker
from sonic.train.prepare.watch import prepare_video
from sonic.train.prepare.workers import run_all


def scene(seed):
    rng = np.random.default_rng(seed)
    picture = cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), (320, 240), interpolation=cv2.INTER_CUBIC)
    return np.asarray(picture, np.uint8)


def cuts(frames):
    detector = CutDetector()
    return [index for index, frame in enumerate(frames) if detector.is_cut(frame)]


def test_cuts_are_seen():
    assert cuts([scene(0)] * 10 + [scene(1)] * 10 + [scene(2)] * 5) == [10, 20]


def test_a_moving_camera_is_no_cut():
    wide = np.concatenate([scene(0), scene(3), scene(4)], axis=1)
    assert cuts([wide[:, 12 * step : 12 * step + 320] for step in range(40)]) == []


def test_noise_and_changing_light_are_no_cut():
    rng = np.random.default_rng(0)
    frames = [
        np.clip(scene(0) * (1 + 0.02 * step) + rng.normal(0, 4, (240, 320, 3)), 0, 255) for step in range(20)
    ]
    assert cuts([frame.astype(np.uint8) for frame in frames]) == []


def test_overlap_of_boxes():
    box = np.array([[0, 0], [2, 2]])
    assert overlap(box, box) == 1
    assert overlap(box, box + 1) == pytest.approx(1 / 7)
    assert overlap(box, box + 5) == 0


def test_a_blurred_face_is_less_sharp(talk):
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 255, (256, 256, 3), np.uint8)
    landmarks = talk(0).landmarks[0]
    blurred = cv2.GaussianBlur(frame, (0, 0), 3)
    assert sharpness_of(blurred, landmarks) < 0.1 * sharpness_of(frame, landmarks)
    assert sharpness_of(frame // 4, landmarks) == pytest.approx(sharpness_of(frame, landmarks), rel=0.1)


def hum(seconds=2.0, hertz=220.0):
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(round(16_000 * seconds)) / 16_000).astype(np.float32)


def test_speech_has_the_rhythm_of_syllables(speech_path):
    from sonic.media.audio import AudioSource

    speech = AudioSource.open(speech_path).read()
    noise = np.random.default_rng(0).normal(0, 0.1, 32_000).astype(np.float32)
    assert syllable_rhythm(speech[:32_000]) > 0.4
    assert syllable_rhythm(hum()) < 0.1
    assert syllable_rhythm(noise) < 0.15
    assert syllable_rhythm(np.zeros(32_000, np.float32)) == 0


def test_loudness_is_that_of_the_louder_half():
    assert loudness(hum()) == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=0.1)
    assert loudness(np.concatenate([hum(), 0 * hum()])) == pytest.approx(loudness(hum()), abs=0.1)
    assert loudness(np.zeros(16_000, np.float32)) == -120


def test_a_shaking_track_wobbles(talk):
    track = talk(0).landmarks
    shaken = track + np.random.default_rng(0).normal(0, 4, (len(track), 1, 3)).astype(np.float32)
    assert wobble(shaken) > 5 * wobble(track)


def test_lips_follow_the_voice_that_moves_them(talk):
    from sonic.motion.mouth import lip_opening

    landmarks = talk(0).landmarks
    opening = lip_opening(landmarks)
    gain = np.repeat(np.maximum(0, opening - opening.min()) / np.ptp(opening), 640)
    voice = (gain * hum(len(gain) / 16_000, 500)).astype(np.float32)
    assert following(landmarks, voice) > 0.8
    assert following(landmarks, hum(len(gain) / 16_000, 500)) < 0.5


@pytest.fixture
def good(talk):
    track = replace(talk(0), measures={"sharpness": 0.05})
    sound = np.random.default_rng(0).normal(0, 0.1, 64 * 640).astype(np.float32)
    return replace(track, measures=measure(track, sound, (256, 256)) | {"rhythm": 0.5})


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("width", 20.0, "face too small"),
        ("inside", 0.5, "face cut by the picture's border"),
        ("yaw", 70.0, "head turned too far"),
        ("pitch", 60.0, "head turned too far"),
        ("score", 0.3, "face covered or not a face"),
        ("wobble", 0.3, "landmarks shake"),
        ("sharpness", 0.0001, "face blurred"),
        ("loudness", -80.0, "silent"),
        ("rhythm", 0.01, "music or noise, no speech"),
    ],
)
def test_every_filter_has_its_reason(good, name, value, reason):
    assert fault(good, 64, PrepareSettings()) == ""
    assert fault(replace(good, measures=good.measures | {name: value}), 64, PrepareSettings()) == reason


def test_a_short_track_is_dropped(good):
    assert fault(good, 12, PrepareSettings()) == "too short"


def test_long_tracks_are_cut_into_equal_clips(good, rows):
    footage = Footage(np.zeros(64 * 640, np.float32), (good,), 64)
    clips = candidates(rows[0], footage, PrepareSettings(longest=1.6))
    assert [(clip.name, clip.start, clip.frames, clip.lead) for clip in clips] == [
        ("person0", 0, 32, 0),
        ("person0-2", 32, 32, 25),
    ]


def clip(track, start, correlation, frames=50):
    return PreparedClip(
        f"v{track}{start}", "s", "p", "train", kept=True, video="v", track=track, start=start, frames=frames,
        correlation=correlation,
    )  # fmt: skip


def test_the_face_that_follows_the_sound_best_speaks():
    clips = [clip(0, 0, 0.3), clip(1, 20, 0.7), clip(2, 70, 0.2)]
    chosen = one_speaker(clips, lambda clip: clip.correlation)
    assert [clip.kept for clip in chosen] == [False, True, True]
    assert chosen[0].reason == ANOTHER_SPEAKS


def test_a_face_that_is_dropped_beats_nobody():
    clips = [clip(0, 0, 0.3), replace(clip(1, 0, 0.7), kept=False, reason="silent")]
    assert one_speaker(clips, lambda clip: clip.correlation)[0].kept


def test_clips_of_one_track_do_not_compete():
    clips = [clip(0, 0, 0.3), clip(0, 50, 0.7)]
    assert all(clip.kept for clip in one_speaker(clips, lambda clip: clip.correlation))


def test_an_index_survives_writing(tmp_path):
    clips = [clip(0, 0, 0.5), replace(clip(1, 0, 0.1), measures={"width": 3.0})]
    write_index(clips, tmp_path)
    assert read_index(tmp_path) == clips


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"shortest": 0.2}, "shortest is 0.2 s"),
        ({"longest": 1.0}, "longest is 1 s"),
        ({"shard_size": 0.0}, "shard_size is 0 MB"),
    ],
)
def test_impossible_settings_are_refused(values, problem):
    with pytest.raises(ConfigError, match=problem):
        PrepareSettings(**values)


def test_names_are_told_apart_and_have_no_dots(tmp_path):
    for name in ("one/x/a.b.mp4", "two/x/a.b.mp4", "two/x/c.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    first, second, third = (row.name for row in read_manifest(tmp_path))
    assert third == "x__c"
    assert first != second
    assert {first[:7], second[:7]} == {"x__a_b-"}


SQUARE = partial(power, 2)


@pytest.mark.parametrize("count", [1, 2])
def test_processes_do_the_same(count):
    assert sorted(run_all(SQUARE, [1, 2, 3], workers=count)) == [2, 4, 8]


def test_a_ray_cluster_does_the_same(monkeypatch, rows, data, tmp_path):
    ray = pytest.importorskip("ray", reason="the scale extra is not installed")
    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    faceless = next(row for row in rows if row.name == "faceless")
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="error")
    try:
        assert sorted(run_all(SQUARE, [1, 2, 3, 4, 5], ray=True)) == [2, 4, 8, 16, 32]
        assert list(run_all(partial(prepare_video, folder=tmp_path), [faceless], ray=True)) == ["faceless"]
    finally:
        ray.shutdown()
    ours, theirs = (folder / "tracks" / "faceless.npz" for folder in (data, tmp_path))
    assert ours.read_bytes() == theirs.read_bytes()


def test_without_ray_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DependencyError, match=r"sonic-portrait\[scale\]"):
        list(run_all(SQUARE, [1], ray=True))


def test_the_report_shows_faces_and_reasons(data):
    page = write_report(read_index(data), data).read_text()
    assert "9 of 14 clips kept" in page
    assert "another face in the picture speaks (1)" in page
    assert page.count("data:image/jpeg;base64,") == 14
    assert "http" not in page
