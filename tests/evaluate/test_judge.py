from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sonic
from sonic.errors import AudioTooShortError, InputError, WeightsError
from sonic.evaluate.judge import SyncJudge
from sonic.evaluate.sync import best_shifts, in_context, loudness, mel_rows, shift_table, windows_with_sound
from sonic.media.audio import AudioSource
from sonic.motion.head import HeadPose, rotation_matrices
from sonic.motion.sampler import MotionSampler
from sonic.speech.encoder import SpeechEncoder

FRAMES = 250


@pytest.fixture(scope="module")
def judge():
    return SyncJudge.load()


@pytest.fixture(scope="module")
def voice(speech_path):
    return AudioSource.open(speech_path).read()[: FRAMES * 640].ravel()


@pytest.fixture(scope="module")
def landmarks(voice):
    """A face that Sonic itself moves to the example voice, in picture pixels."""
    sampler = MotionSampler(Path(sonic.__file__).parent / "assets" / "sonic-base")
    features = SpeechEncoder().encode(voice)
    motion = np.concatenate(list(sampler.stream([features], frames=FRAMES, seed=3, steps=6)))
    shown = sampler.space.decode(motion)
    centre = np.tile(np.array([128.0, 100.0, 0.0], np.float32), (FRAMES, 1))
    pose = HeadPose(np.full(FRAMES, 60.0, np.float32), rotation_matrices(shown.rotation), centre)
    return pose.place(sampler.space.template + shown.displacement)


def test_the_right_sound_is_in_time(judge, voice, landmarks):
    result = judge.score(voice, landmarks)
    assert abs(result.offset_frames) <= 1
    assert result.accuracy > 0.5
    assert result.match > 0
    assert result.windows > 100


@pytest.mark.parametrize("late", [-6, 5])
def test_shifted_sound_is_heard_as_shifted(judge, voice, landmarks, late):
    moved = np.concatenate([np.zeros(20 * 640, np.float32), voice, np.zeros(20 * 640, np.float32)])
    moved = moved[(20 - late) * 640 :][: len(voice)]
    result = judge.score(moved, landmarks)
    assert abs(result.offset_frames - late) <= 1
    assert result.accuracy < 0.5


def test_wrong_sound_convinces_nobody(judge, voice, landmarks):
    right = judge.score(voice, landmarks)
    wrong = judge.score(np.ascontiguousarray(voice[::-1]), landmarks)
    assert wrong.confidence < 0.6 * right.confidence
    assert wrong.match < right.match


def test_a_face_that_holds_still_convinces_nobody(judge, voice, landmarks):
    still = np.repeat(landmarks[:1], len(landmarks), axis=0)
    assert judge.score(voice, still).confidence < 0.6 * judge.score(voice, landmarks).confidence


def test_size_and_place_of_the_face_do_not_matter(judge, voice, landmarks):
    moved = judge.score(voice, landmarks * 2.5 + np.array([40, -10, 0], np.float32))
    assert np.allclose(moved.curve, judge.score(voice, landmarks).curve, atol=1e-3)


def test_silence_has_no_offset(judge, landmarks):
    result = judge.score(np.zeros(FRAMES * 640, np.float32), landmarks)
    assert result.windows == 0
    assert np.isnan(result.offset_frames)
    assert np.isnan(result.accuracy)


def test_what_cannot_be_judged_is_refused(judge, voice, landmarks, tmp_path):
    with pytest.raises(InputError, match="at least 20"):
        judge.score(voice, landmarks[:5])
    with pytest.raises(InputError, match="a face in each"):
        judge.score(voice, np.full_like(landmarks, np.nan))
    with pytest.raises(AudioTooShortError, match=r"0.1 s of sound"):
        judge.score(voice[:2000], landmarks)
    with pytest.raises(WeightsError, match="holds no judge"):
        SyncJudge.load(tmp_path)


def test_another_format_is_refused(tmp_path):
    (tmp_path / "judge.json").write_text('{"format": 99}')
    with pytest.raises(WeightsError, match="format 99"):
        SyncJudge.load(tmp_path)


def test_shift_tables_know_where_sound_is_missing():
    table = shift_table(np.arange(12.0).reshape(3, 4), search=2)
    assert np.array_equal(table[0], [np.nan, np.nan, 0, 1, 2], equal_nan=True)
    assert np.array_equal(table[2], [8, 9, 10, 11, np.nan], equal_nan=True)


def test_contexts_average_neighbours():
    table = np.arange(12.0).reshape(4, 3)
    assert np.allclose(in_context(table, 6), [[1.5, 2.5, 3.5], [4.5, 5.5, 6.5], [7.5, 8.5, 9.5]])
    assert in_context(table, 15).shape == (0, 3)
    assert best_shifts(table).tolist() == [1, 1, 1, 1]


def test_windows_with_sound_are_the_loud_ones():
    sound = np.zeros(40 * 640, np.float32)
    sound[20 * 640 :] = np.sin(np.arange(20 * 640)) / 2
    assert windows_with_sound(loudness(sound)).tolist() == [False] * 18 + [True] * 18
    assert mel_rows(sound).shape == (160, 80)
