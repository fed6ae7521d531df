"""Makes voices whose every phone is known in time: sentences rich in m, b and p, spoken by eSpeak NG.

Needs the shared library of eSpeak NG (Debian: apt install espeak-ng). Usage:
python scripts/make_phone_voices.py FOLDER [--part tune|test] [--sentences FILE.tsv]

Writes LANGUAGE_VOICE_NUMBER.wav (16 kHz, mono) and the same name .tsv with the columns start, end (seconds)
and phone (IPA, "_" where nobody speaks). The parts "tune" and "test" share neither sentences nor voices.
"""

from __future__ import annotations

import argparse
import csv
import ctypes
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import soxr

if TYPE_CHECKING:
    from numpy.typing import NDArray

SYNCHRONOUS, PHONES_AS_EVENTS, PHONES_IN_IPA = 2, 1, 2  # espeak_Initialize
PHONE, LIST_END = 7, 0  # event types
RATE_PARAMETER, PITCH_PARAMETER, UTF8 = 1, 3, 1
RATE = 16_000
PAUSE = "_"
LEAD, BETWEEN = 0.6, 1.1  # seconds of silence around and between two sentences
PLOSIVES = "pbtdkgɡqcɟ"  # noqa: RUF001 - IPA has letters of its own
LEVEL_STEP = 0.005  # seconds
CLOSED_DROP = 20.0  # dB below a vowel's peak: the lips or the tongue have closed
LONGEST_CLOSURE = 0.12  # seconds


@dataclass(frozen=True)
class Voice:
    """A variant of eSpeak's voice with its pitch (0..100), words a minute and noise in the room, dB."""

    variant: str
    pitch: int
    rate: int
    noise: float


VOICES = {
    "tune": (Voice("m3", 45, 160, -90), Voice("f2", 55, 145, -60), Voice("m7", 50, 180, -50)),
    "test": (Voice("m1", 50, 165, -60), Voice("f4", 60, 150, -90), Voice("f5", 45, 180, -50)),
}


class Phone(NamedTuple):
    """One phone from `start` to `end`, seconds."""

    start: float
    end: float
    name: str


class Identity(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", Identity),
    )


Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))


class Speaker:
    """eSpeak NG behind its C interface, which tells in samples when each phone begins."""

    def __init__(self) -> None:
        try:
            self.library = ctypes.CDLL("libespeak-ng.so.1")
        except OSError as error:
            raise SystemExit("libespeak-ng.so.1 is not here: apt install espeak-ng") from error
        self.rate = self.library.espeak_Initialize(SYNCHRONOUS, 0, None, PHONES_AS_EVENTS | PHONES_IN_IPA)
        self.samples: list[NDArray[np.int16]] = []
        self.events: list[tuple[int, str]] = []
        self.callback = Callback(self.receive)  # kept alive as long as the library may call it
        self.library.espeak_SetSynthCallback(self.callback)

    def receive(self, sound: ctypes.Array[ctypes.c_short], count: int, events: ctypes.Array[Event]) -> int:
        if count > 0:
            self.samples.append(np.ctypeslib.as_array(sound, (count,)).copy())
        index = 0
        while events[index].type != LIST_END:
            if events[index].type == PHONE:
                address = ctypes.addressof(events[index].id)
                name = ctypes.string_at(address, 8).split(b"\0")[0].decode("utf-8", "ignore")
                self.events.append((events[index].sample, name))
            index += 1
        return 0

    def say(self, text: str, language: str, voice: Voice) -> tuple[NDArray[np.float32], list[Phone]]:
        """One sentence at 16 kHz and its phones."""
        self.samples, self.events = [], []
        if self.library.espeak_SetVoiceByName(f"{language}+{voice.variant}".encode()):
            raise SystemExit(f"this eSpeak NG has no voice {language}+{voice.variant}")
        self.library.espeak_SetParameter(RATE_PARAMETER, voice.rate, 0)
        self.library.espeak_SetParameter(PITCH_PARAMETER, voice.pitch, 0)
        content = text.encode() + b"\0"
        self.library.espeak_Synth(content, len(content), 0, 1, 0, UTF8, None, None)
        self.library.espeak_Synchronize()
        sound = np.concatenate(self.samples).astype(np.float32) / 32768
        return soxr.resample(sound, self.rate, RATE), self.phones(sound)

    def phones(self, sound: NDArray[np.float32]) -> list[Phone]:
        events = [event for event in self.events if not event[1].startswith("(")]  # "(en)": language changes
        starts = [sample / self.rate for sample, _ in events]
        ends = [*starts[1:], len(sound) / self.rate]
        found = [
            Phone(start, end, name or PAUSE)
            for start, end, (_, name) in zip(starts, ends, events, strict=True)
            if end > start
        ]
        return with_closures(found, sound, self.rate)


def with_closures(phones: list[Phone], sound: NDArray[np.float32], rate: int) -> list[Phone]:
    """Phones whose plosives begin where the mouth closes: eSpeak counts that silence to the phone before."""
    corrected = phones[:1]
    for phone in phones[1:]:
        before = corrected[-1]
        closed = phone.start
        if phone.name[0] in PLOSIVES:
            closed = closure_start(before, sound, rate)
            corrected[-1] = before._replace(end=closed)
        corrected.append(phone._replace(start=closed))
    return corrected


def closure_start(before: Phone, sound: NDArray[np.float32], rate: int) -> float:
    """When the sound before a plosive falls silent, seconds; the plosive's own start if it never does."""
    if before.name == PAUSE:
        return max(before.start, before.end - LONGEST_CLOSURE)
    step = round(LEVEL_STEP * rate)
    first, last = round(before.start * rate), round(before.end * rate)
    count = (last - first) // step
    if count < 2:
        return before.end
    blocks = sound[last - count * step : last].reshape(count, step)
    level = 20 * np.log10(np.sqrt((blocks**2).mean(1)) + 1e-6)
    loud = np.flatnonzero(level > level.max() - CLOSED_DROP)[-1] + 1
    return max(before.end - (count - loud) * LEVEL_STEP, before.end - LONGEST_CLOSURE)


def together(
    parts: list[tuple[NDArray[np.float32], list[Phone]]], noise: float, seed: int
) -> tuple[NDArray[np.float32], list[Phone]]:
    """Sentences one after the other with pauses between them, in a room with `noise` dB."""
    pieces, phones, time = [], [], 0.0
    for index, (sound, spoken) in enumerate(parts):
        silence = BETWEEN if index else LEAD
        phones.append(Phone(time, time + silence, PAUSE))
        time += silence
        phones += [Phone(start + time, end + time, name) for start, end, name in spoken if end > start]
        pieces += [np.zeros(round(silence * RATE), np.float32), sound]
        time += len(sound) / RATE
    phones.append(Phone(time, time + LEAD, PAUSE))
    whole = np.concatenate([*pieces, np.zeros(round(LEAD * RATE), np.float32)])
    room = np.random.default_rng(seed).normal(0, 10 ** (noise / 20), len(whole))
    return (0.8 * whole / np.abs(whole).max() + room).astype(np.float32), merged(phones)


def merged(phones: list[Phone]) -> list[Phone]:
    """Neighbouring pauses as one."""
    joined = phones[:1]
    for phone in phones[1:]:
        if phone.name == PAUSE == joined[-1].name:
            joined[-1] = joined[-1]._replace(end=phone.end)
        else:
            joined.append(phone)
    return joined


def write(path: Path, sound: NDArray[np.float32], phones: list[Phone]) -> None:
    with wave.open(str(path.with_suffix(".wav")), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((np.clip(sound, -1, 1) * 32767).round().astype("<i2").tobytes())
    rows = [f"{start:.4f}\t{end:.4f}\t{name}\n" for start, end, name in phones]
    path.with_suffix(".tsv").write_text("start\tend\tphone\n" + "".join(rows), encoding="utf-8")


def sentences(path: Path, part: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["part"] == part:
                found.setdefault(row["language"], []).append(row["text"])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", choices=sorted(VOICES), default="test")
    default = Path(__file__).with_name("phone_voice_sentences.tsv")
    parser.add_argument("--sentences", type=Path, default=default, help="columns part, language, text")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    speaker = Speaker()
    for language, texts in sentences(arguments.sentences, arguments.part).items():
        for voice in VOICES[arguments.part]:
            for number in range(0, len(texts), 2):
                parts = [speaker.say(text, language, voice) for text in texts[number : number + 2]]
                path = arguments.folder / f"{language}_{voice.variant}_{number // 2 + 1}"
                write(path, *together(parts, voice.noise, number))
    print(f"{len(list(arguments.folder.glob('*.wav')))} voices in {arguments.folder}")


if __name__ == "__main__":
    main()
