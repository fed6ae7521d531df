"""Says what is in a recording: how long, how loud, how noisy, who speaks when, and what would help."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sonic.driver import DULL, NOISY, find_speakers
from sonic.media.audio import AudioSource
from sonic.speech.mel import SAMPLE_RATE
from sonic.speech.survey import survey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sonic.media.audio import AudioInfo, AudioInput
    from sonic.speech.speakers import Turn
    from sonic.speech.survey import Survey

QUIET = -45.0  # dB; in recordings this low the noise is often louder than the speech
_CLIPPED = 0.999  # peak amplitude; louder sound was cut off
_LATE = 3.0  # seconds before the first word that are worth a remark


@dataclass(frozen=True)
class Advice:
    """Something to know about a recording: a code that never changes, and a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True)
class AudioReport:
    """What is in a recording.

    Attributes:
        duration: seconds.
        sample_rate: Hz.
        channels: how many.
        loudness: of the parts with sound, dB of full scale.
        peak: largest amplitude, 1 is full scale.
        noise_ratio: signal-to-noise ratio of the speech, dB, 60 at most; None without speech.
        speech: seconds in which somebody speaks.
        turns: who speaks when; speaker 1 speaks most.
        advice: what would help, the most important first; empty for a good recording.
    """

    duration: float
    sample_rate: int
    channels: int
    loudness: float
    peak: float
    noise_ratio: float | None
    speech: float
    turns: tuple[Turn, ...]
    advice: tuple[Advice, ...]

    @property
    def speakers(self) -> dict[int, float]:
        """Seconds that each speaker speaks, by number."""
        numbers = sorted({turn.speaker for turn in self.turns})
        return {number: sum(t.end - t.start for t in self.turns if t.speaker == number) for number in numbers}

    def to_dict(self) -> dict[str, Any]:
        """Everything by name, ready for JSON."""
        return asdict(self)


def inspect_audio(audio: AudioInput, sample_rate: int | None = None) -> AudioReport:
    """Listen to a recording as `generate` does, and to its speakers; about 4 s for a minute of it.

    Args:
        audio: path, bytes, binary file object, `(samples, rate)`, or samples `[N]`, `[N, C]` with
            `sample_rate` in Hz.
        sample_rate: rate of bare samples.

    Raises:
        AudioError and its children: it is no recording, or empty, too short or silent.
    """
    source = AudioSource.open(audio, sample_rate)
    info = source.probe()
    heard = survey(source.blocks(SAMPLE_RATE))
    turns = find_speakers(source, heard)
    return AudioReport(
        duration=info.duration,
        sample_rate=info.sample_rate,
        channels=info.channels,
        loudness=info.loudness,
        peak=info.peak,
        noise_ratio=heard.ratio if heard.has_speech else None,
        speech=heard.seconds_of_speech,
        turns=turns,
        advice=tuple(_advise(info, heard, turns)),
    )


def _advise(info: AudioInfo, heard: Survey, turns: tuple[Turn, ...]) -> Iterator[Advice]:
    if not heard.has_speech:
        yield Advice("no_speech", "Hardly any speech was found: the lips will follow whatever else is there.")
        return
    if heard.ratio < NOISY:
        yield Advice(
            "noisy",
            f"The speech is only {heard.ratio:.0f} dB above the noise: denoise 'auto' cleans what the lips "
            "follow, export_audio 'clean' the sound in the file.",
        )
    count = max(turn.speaker for turn in turns)
    if count > 1:
        yield Advice("several_speakers", f"There are {count} voices: speaker 'main' or a number picks one.")
    if info.loudness < QUIET:
        yield Advice("quiet", f"It is very quiet ({info.loudness:.0f} dB): record closer to the microphone.")
    if info.peak >= _CLIPPED:
        yield Advice("clipped", "It reaches full scale, and peaks may be cut off: record at a lower level.")
    if heard.brightness < DULL:
        yield Advice(
            "dull", "High sounds are missing: uncover the microphone; the mouth is moved a bit more."
        )
    if heard.speech[0].start > _LATE:
        yield Advice(
            "late", f"Nobody speaks for {heard.speech[0].start:.0f} s: cut the start, or let it wait."
        )
