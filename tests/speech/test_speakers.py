from __future__ import annotations

import numpy as np
import pytest

from sonic.media.audio import AudioSource
from sonic.speech.activity import Span
from sonic.speech.speakers import MOST_GROUPS, Turn, find_turns
from sonic.speech.voices import VOICE_LEVEL, WIDTH, Pieces, VoiceEncoder, voice_mel

RATE = 16_000


@pytest.fixture(scope="module")
def encoder():
    return VoiceEncoder()


@pytest.fixture(scope="module")
def speech(speech_path):
    sound = AudioSource.open(speech_path).read(RATE)
    return sound / sound.std() * np.float32(VOICE_LEVEL)


def voice(direction, rng, count):
    """Unit vectors [count, 256] around one of a few directions."""
    middle = np.zeros(WIDTH)
    middle[direction * 8 : direction * 8 + 8] = 1
    made = np.abs(middle + 0.25 * rng.standard_normal((count, WIDTH)) * (middle > 0))
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def pieces_of(*stretches):
    """Pieces of 0.2 s and spans of stretches of (speakers of the pieces), with pauses of 1 s between."""
    rng, spans, rows, start = np.random.default_rng(0), [], [], 0.0
    for number, speakers in enumerate(stretches):
        spans.append(Span(start, start + 0.2 * len(speakers)))
        rows += [(start + 0.2 * k, number, voice(who, rng, 1)[0]) for k, who in enumerate(speakers)]
        start = spans[-1].end + 1
    starts = np.array([row[0] for row in rows])
    voices = np.array([row[2] for row in rows], np.float32)
    return Pieces(starts, starts + 0.2, np.array([row[1] for row in rows]), voices), spans


def rounded(turns):
    return [(turn.speaker, round(turn.start, 3), round(turn.end, 3)) for turn in turns]


def test_speakers_are_numbered_by_how_long_they_speak():
    found = find_turns(*pieces_of([0] * 10, [1] * 20, [0] * 5))
    assert rounded(found) == [(2, 0.0, 2.0), (1, 3.0, 7.0), (2, 8.0, 9.0)]


def test_a_change_of_speaker_without_a_pause_is_found():
    found = find_turns(*pieces_of([0] * 10 + [1] * 15))
    assert rounded(found) == [(2, 0.0, 2.0), (1, 2.0, 5.0)]


def test_one_odd_piece_makes_no_speaker():
    found = find_turns(*pieces_of([0] * 10 + [1] + [0] * 10))
    assert rounded(found) == [(1, 0.0, 4.2)]


def test_one_voice_is_one_speaker_however_long():
    pieces, spans = pieces_of(*[[0] * 60] * (MOST_GROUPS // 30))
    assert len(pieces.starts) > MOST_GROUPS
    assert {turn.speaker for turn in find_turns(pieces, spans)} == {1}


def test_stretches_too_short_to_tell_go_to_the_nearest_speaker():
    pieces, spans = pieces_of([0] * 10, [1] * 20)
    last = Span(spans[1].end + 0.5, spans[1].end + 0.7)
    assert find_turns(pieces, [*spans, last])[-1] == Turn(1, last.start, last.end)
    nothing = Pieces(np.zeros(0), np.zeros(0), np.zeros(0, np.int64), np.zeros((0, WIDTH), np.float32))
    assert find_turns(nothing, [Span(1, 1.3)]) == (Turn(1, 1, 1.3),)
    assert find_turns(nothing, []) == ()


def test_one_voice_is_alike_and_a_changed_one_is_not(encoder, speech):
    high = np.interp(np.arange(0, len(speech), 1.5), np.arange(len(speech)), speech).astype(np.float32)
    one = encoder.encode(np.stack([voice_mel(speech[k : k + 25_600])[:160] for k in (8000, 60_000)], axis=1))
    other = encoder.encode(voice_mel(high[8000:33_600])[:160, None])
    np.testing.assert_allclose(np.linalg.norm(one, axis=1), 1, atol=1e-4)
    assert one[0] @ one[1] > 0.7 > one[0] @ other[0]


def test_pieces_lie_side_by_side_in_their_stretch(encoder, speech):
    spans = [Span(0.2, 3.0), Span(3.2, 3.4), Span(3.5, 6.0)]
    pieces = encoder.pieces(np.split(speech, [5000, 40_000]), spans)
    assert set(pieces.spans) == {0, 2}
    for number in (0, 2):
        own = pieces.spans == number
        assert pieces.starts[own][0] == pytest.approx(spans[number].start, abs=1e-3)
        assert pieces.ends[own][-1] == pytest.approx(spans[number].end, abs=1e-3)
        np.testing.assert_allclose(pieces.starts[own][1:], pieces.ends[own][:-1])


def test_two_voices_in_turn_are_told_apart(encoder, speech):
    high = np.interp(np.arange(0, len(speech), 1.5), np.arange(len(speech)), speech).astype(np.float32)
    pause = np.zeros(8000, np.float32)
    sound = np.concatenate([speech[:48_000], pause, high[:48_000], pause, speech[48_000:96_000]])
    spans = [Span(0, 3), Span(3.5, 6.5), Span(7, 10)]
    assert [turn.speaker for turn in find_turns(encoder.pieces([sound], spans), spans)] == [1, 2, 1]
