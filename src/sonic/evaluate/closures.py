"""Whether lips meet where the voice says they must, stay open on vowels and rest in pauses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sonic.evaluate.rest import opening_speed
from sonic.evaluate.statistics import median
from sonic.motion.space import FRAME_RATE
from sonic.progress import Reporter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonic.evaluate.performance import Performer
    from sonic.evaluate.phones import Phone, Voice
    from sonic.motion.head import Array
    from sonic.progress import OnProgress

CLOSED = 0.015  # IOD; about a millimetre, or one to two pixels on a face 256 pixels wide
NEARLY = 0.035  # IOD; most viewers take this for closed in moving lips
_TOLERANCE = 1.0  # frames around a phone within which the lips may meet
_PAUSE = 0.2  # seconds; shorter gaps are part of speech
_EASE = 0.12  # seconds at both ends of a pause in which the mouth may still be on its way


@dataclass(frozen=True)
class VoiceScore:
    """What became of one voice's phones; lists over its phones or frames.

    Attributes:
        language: what is spoken.
        name: the recording.
        depths: least lip opening within each m, b, p and a frame around it, IOD.
        vowels: greatest lip opening within each vowel that has no m, b or p beside it, IOD: the control,
            since a mouth that never opens would meet every closure.
        pause_speed: how fast the opening changes in each frame of long pauses, IOD a second.
        speech_speed: the same in all other frames.
    """

    language: str
    name: str
    depths: Array
    vowels: Array
    pause_speed: Array
    speech_speed: Array


def score_voices(
    performer: Performer, voices: Sequence[Voice], on_progress: OnProgress | None = None
) -> list[VoiceScore]:
    """Let a model speak every voice, each with a seed of its own, and look at its lips."""
    reporter = Reporter(on_progress)
    reporter.begin("voices", len(voices))
    scores = []
    for seed, voice in enumerate(voices):
        opening = performer.sampler.space.opening(performer.perform(voice.path, seed))
        scores.append(score_opening(voice, opening))
        reporter.step(seed + 1)
    return scores


def score_opening(voice: Voice, opening: Array) -> VoiceScore:
    """Look at one series of lip openings, IOD, [T] at 25 frames a second."""
    opening = np.maximum(opening, 0)  # the renderer lets lips touch, not overlap
    speed = opening_speed(opening)
    resting = in_pauses(voice.phones, len(opening))
    return VoiceScore(
        voice.language,
        voice.path.stem,
        np.array([_within(opening, phone, _TOLERANCE).min() for phone in voice.phones if phone.bilabial]),
        np.array([_within(opening, phone, 0).max() for phone in free_vowels(voice.phones)]),
        speed[resting],
        speed[~resting],
    )


def free_vowels(phones: Sequence[Phone]) -> list[Phone]:
    """The vowels that have no m, b or p beside them."""
    beside = [before.bilabial or after.bilabial for before, after in zip(phones, phones[2:], strict=False)]
    return [phone for phone, near in zip(phones[1:], beside, strict=False) if phone.vowel and not near]


def in_pauses(phones: Sequence[Phone], frames: int) -> Any:
    """Which of `frames` lie well inside a pause of at least 0.2 s, bool [frames]."""
    times = np.arange(frames) / FRAME_RATE
    inside = np.zeros(frames, bool)
    for phone in phones:
        if phone.pause and phone.end - phone.start >= _PAUSE:
            inside |= (times >= phone.start + _EASE) & (times <= phone.end - _EASE)
    return inside


def _within(opening: Array, phone: Phone, reach: float) -> Array:
    """The openings of the frames of a phone and `reach` frames around it; the nearest one if it has none."""
    first = int(np.ceil(phone.start * FRAME_RATE - reach - 1e-6))
    last = int(np.floor(phone.end * FRAME_RATE + reach + 1e-6))
    if last < first:
        first = last = round((phone.start + phone.end) / 2 * FRAME_RATE)
    last = min(max(last, 0), len(opening) - 1)
    return opening[min(max(first, 0), last) : last + 1]


def by_language(scores: Sequence[VoiceScore]) -> dict[str, dict[str, float]]:
    """The figures of each language and of all ("all"): what `voice_table` shows."""
    languages = sorted({score.language for score in scores})
    groups = {language: [score for score in scores if score.language == language] for language in languages}
    return {name: _figures(group) for name, group in (groups | {"all": list(scores)}).items()}


def _figures(scores: Sequence[VoiceScore]) -> dict[str, float]:
    depths = np.concatenate([score.depths for score in scores])
    vowels = np.concatenate([score.vowels for score in scores])
    resting = np.concatenate([score.pause_speed for score in scores])
    speaking = np.concatenate([score.speech_speed for score in scores])
    return {
        "voices": len(scores),
        "bilabials": len(depths),
        "closed": _share(depths < CLOSED),
        "nearly": _share(depths < NEARLY),
        "depth": median(depths),
        "depth_90": float(np.percentile(depths, 90)) if len(depths) else float("nan"),
        "vowels_closed": _share(vowels < CLOSED),
        "vowel_opening": median(vowels),
        "pause_speed": float(resting.mean()) if len(resting) else float("nan"),
        "speech_speed": float(speaking.mean()) if len(speaking) else float("nan"),
    }


def _share(hits: Any) -> float:
    return float(hits.mean()) if len(hits) else float("nan")
