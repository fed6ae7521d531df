"""What moves the face: a recording at the level that the model knows, without noise where it needs that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby, tee
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from sonic.errors import SpeakerError
from sonic.media.cutting import silenced
from sonic.motion.stream import with_neighbours
from sonic.speech.denoise import RESIDUE, Denoiser
from sonic.speech.mel import SAMPLE_RATE
from sonic.speech.repair import FeatureRepair
from sonic.speech.speakers import find_turns
from sonic.speech.survey import power_decibel, survey
from sonic.speech.voices import VOICE_LEVEL, VoiceEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from sonic.config import GenerateConfig
    from sonic.media.audio import AudioInfo, AudioSource
    from sonic.motion.controls import Controls
    from sonic.speech.encoder import SpeechEncoder
    from sonic.speech.speakers import Turn
    from sonic.speech.survey import Survey

Item = TypeVar("Item")

USUAL_LOUDNESS, MOST_GAIN = -16.0, 24.0  # dB; of the clips that the model was trained on
NOISY = 15.0  # dB of signal-to-noise ratio below which `denoise="auto"` cleans
LOUD_NOISE, LOUDEST_NOISE = 10.0, -5.0  # dB: lips begin to move less, compensation is complete
DULL, DULLEST = -20.0, -40.0  # dB of brightness: lips begin to move less, compensation is complete
MOST_EXTRA = 0.2  # of dynamic_scale; beyond 1.2 the mouth opens wider than is natural
SPILL, KEPT = 0.5, 0.25  # seconds that others are silenced beyond their words, and that the speaker keeps
LEAST_ABOVE = 3.0  # dB by which speech is taken to be above the noise, however loud that is


@dataclass(frozen=True)
class Driver:
    """How the sound of a recording is turned into what the motion model hears.

    Attributes:
        audio: the recording, silent where speakers speak that the lips do not follow.
        survey: how it sounds.
        gain: brings its speech to the level of the recordings that the model learned from.
        denoised: whether noise is taken out.
    """

    audio: AudioSource
    survey: Survey
    gain: np.float32
    denoised: bool

    @classmethod
    def of(
        cls,
        audio: AudioSource,
        info: AudioInfo,
        config: GenerateConfig,
        on_second: Callable[[int], None] | None = None,
    ) -> Driver:
        """Listen to the whole recording and decide, as far as the options leave it open.

        `on_second` is told how many seconds of it have been heard.

        Raises:
            SpeakerError: the recording has fewer voices than `config.speaker` asks for.
        """
        seconds = audio.blocks(SAMPLE_RATE)
        heard = survey(seconds if on_second is None else _told(seconds, on_second))
        if config.speaker != "all":
            audio = silenced(audio, others(audio, heard, config.speaker))
            info = audio.probe()  # the level is that of the speaker
        return cls(
            audio=audio,
            survey=heard,
            gain=driver_gain(speech_loudness(info.loudness, heard)),
            denoised=config.denoise == "on" or (config.denoise == "auto" and is_noisy(heard)),
        )

    def features(self, encoder: SpeechEncoder, duration: float) -> Iterator[NDArray[np.float32]]:
        """Speech features at 50 Hz of the first `duration` seconds, in blocks [n, F].

        Noisy sound is heard twice, as it is and cleaned: the errors of the two differ, so that their mean is
        better than either, above all in babble, of which the denoiser takes out too little or too much.
        """
        if not self.denoised:
            return encoder.stream(self.sound(duration))
        noisy, copy = tee(self.sound(duration))
        treated = Denoiser().stream(copy, residue=RESIDUE)
        hearings = zip(encoder.stream(noisy), encoder.stream(treated), strict=True)
        both = (np.concatenate(pair, axis=1) for pair in hearings)
        repair = FeatureRepair()
        return with_neighbours(both, repair.reach, lambda block: _mean_of(block, repair))

    def sound(self, duration: float) -> Iterator[NDArray[np.float32]]:
        """The first `duration` seconds at the level that the model knows, mono at 16 kHz, in blocks [n]."""
        return (block * self.gain for block in self.audio.blocks(SAMPLE_RATE, duration=duration))

    def notes(self, controls: Controls, config: GenerateConfig) -> Iterator[str]:
        """What was decided about the sound and the motion, one sentence each."""
        ratio = f"signal-to-noise ratio {self.survey.ratio:.0f} dB"
        mouth, head = controls.dynamic_scale, controls.motion_scale
        if self.denoised and config.denoise == "auto":
            yield f"The recording is noisy ({ratio}): the lips follow it cleaned, unless denoise is off."
        if mouth != config.dynamic_scale:
            cause = f"noisy ({ratio})" if is_noisy(self.survey) else "dull, high sounds are missing"
            yield (
                f"The recording is {cause}: dynamic_scale rises to {mouth:.2f}, motion_scale is {head:.2f}; "
                "without compensation both stay as they are."
            )


def _told(items: Iterable[Item], on_item: Callable[[int], None]) -> Iterator[Item]:
    """The same items; `on_item` is told how many have come."""
    for count, item in enumerate(items, 1):
        yield item
        on_item(count)


def _mean_of(both: NDArray[np.float32], repair: FeatureRepair) -> NDArray[np.float32]:
    """Mean of features of noisy sound, the first half of `both` [n, 2 F], and of treated sound, repaired."""
    noisy, treated = np.split(both, 2, axis=1)
    return np.asarray(0.5 * (noisy + repair(np.ascontiguousarray(treated))), np.float32)


def others(audio: AudioSource, heard: Survey, speaker: str) -> tuple[tuple[float, float], ...]:
    """Where anybody but `speaker` ("main" or a number) speaks, begin and end in seconds.

    Soft beginnings and ends of the others' words, which no detector hears, are counted in.

    Raises:
        SpeakerError: there are fewer voices than that.
    """
    turns = find_speakers(audio, heard)
    count = max((turn.speaker for turn in turns), default=0)
    wanted = 1 if speaker == "main" else int(speaker)
    if wanted > max(count, 1):
        raise SpeakerError(
            f"speaker is {wanted}, but only {max(count, 1)} can be told apart in {audio.name}: "
            "choose 'main', 'all' or a number up to that."
        )
    runs = groupby(turns, key=lambda turn: turn.speaker == wanted)
    spans = [(own, _span(list(run))) for own, run in runs]
    kept = [span for own, span in spans if own]
    return tuple(_spilled(span, kept) for own, span in spans if not own)


def _span(turns: Sequence[Turn]) -> tuple[float, float]:
    """Begin and end of turns in a row; what lies between is theirs too."""
    return turns[0].start, turns[-1].end


def _spilled(stranger: tuple[float, float], own: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """A stranger's stretch, longer on both sides, but away from the stretches of the `own` speaker."""
    start, end = stranger
    before = max((stop for _, stop in own if stop <= start), default=-SPILL) + KEPT
    after = min((begin for begin, _ in own if begin >= end), default=end + SPILL + KEPT) - KEPT
    return max(0.0, min(start, max(start - SPILL, before))), max(end, min(end + SPILL, after))


def find_speakers(audio: AudioSource, heard: Survey) -> tuple[Turn, ...]:
    """Who speaks when in a recording that was surveyed; one more reading of it."""
    encoder = VoiceEncoder()
    gain = VOICE_LEVEL / 10 ** (heard.speech_level / 20)
    return find_turns(encoder.pieces(audio.blocks(encoder.sample_rate), heard.speech, gain), heard.speech)


def driver_gain(loudness: float) -> np.float32:
    """Factor that brings a recording of `loudness` dB to the level that the model knows."""
    decibels = np.clip(USUAL_LOUDNESS - loudness, -MOST_GAIN, MOST_GAIN)
    return np.float32(10 ** (decibels / 20))


def speech_loudness(loudness: float, heard: Survey) -> float:
    """Loudness of what is spoken alone, dB, in a recording whose sounding parts have `loudness`."""
    if not heard.has_speech:
        return loudness
    noise = min(heard.noise_level, loudness - LEAST_ABOVE)
    return power_decibel(10 ** (loudness / 10) - 10 ** (noise / 10))


def is_noisy(heard: Survey) -> bool:
    """Whether cleaning pays; what holds no speech, such as music, is left alone."""
    return heard.has_speech and heard.ratio < NOISY


def compensated(controls: Controls, heard: Survey) -> Controls:
    """The same controls with a livelier mouth and head where the recording would make them mumble.

    Only amplitudes that are at 1 are raised: the mouth's by 0.2 at most, the head's half as far, which is how
    the two stay in proportion.
    """
    extra = MOST_EXTRA * mumbling(heard)
    if controls.dynamic_scale != 1 or not extra:
        return controls
    head = 1 + extra / 2 if controls.motion_scale == 1 else controls.motion_scale
    return replace(controls, dynamic_scale=1 + extra, motion_scale=head)


def mumbling(heard: Survey) -> float:
    """How much smaller than in life lips become, 0..1, after a recording so noisy or so dull."""
    if not heard.has_speech:
        return 0.0
    noise = (LOUD_NOISE - heard.ratio) / (LOUD_NOISE - LOUDEST_NOISE)
    dullness = (DULL - heard.brightness) / (DULL - DULLEST)
    return float(np.clip(max(noise, dullness), 0, 1))
