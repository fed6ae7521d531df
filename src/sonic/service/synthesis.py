"""Speaks text with a synthesiser that is installed on this machine: espeak-ng or flite."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sonic.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST_TEXT = 1000  # characters; about a minute and a half of speech
_SECONDS = 30.0  # that one call may take; the engines are far faster than speech
_FLITE_RATES = re.compile(r"\d+$")  # voices of flite that differ in the sampling rate alone


@dataclass(frozen=True)
class Voice:
    """A voice of a synthesiser: `id` is what it is asked for by, `language` a code such as en-us."""

    id: str
    name: str
    language: str


@dataclass(frozen=True)
class Synthesiser:
    """One installed engine and its voices.

    Attributes:
        name: "espeak-ng" or "flite".
        program: full path of its executable.
        voices: all that it has, in its own order.
    """

    name: str
    program: str
    voices: tuple[Voice, ...]

    def speak(self, text: str, voice: str) -> bytes:
        """`text` as the content of a WAV file.

        Raises:
            ServiceError: `speech_text`, empty or too long; `speech_voice`, not one of the `voices`;
                `speech_failed`, the engine could not speak it.
        """
        _check_text(text)
        if voice not in {known.id for known in self.voices}:
            raise ServiceError(
                f"There is no voice '{voice[:80]}': /v1/voices lists them.", code="speech_voice", status=422
            )
        with tempfile.TemporaryDirectory(prefix="sonic-speech-") as folder:
            source, target = Path(folder) / "text.txt", Path(folder) / "speech.wav"
            source.write_text(text, encoding="utf-8")
            _run([self.program, *_ARGUMENTS[self.name](voice, source, target)])
            if not target.is_file():
                raise _failed(f"{self.name} wrote nothing")
            return target.read_bytes()


def find_synthesiser() -> Synthesiser | None:
    """The first engine that is on the PATH and has voices; None where there is none."""
    for name, read_voices in _ENGINES.items():
        program = shutil.which(name)
        if program is None:
            continue
        voices = tuple(read_voices(program))
        if voices:
            return Synthesiser(name, program, voices)
    return None


def _check_text(text: str) -> None:
    if not text.strip():
        raise ServiceError("There is no text to speak: type some.", code="speech_text", status=422)
    if len(text) > LONGEST_TEXT:
        raise ServiceError(
            f"The text has {len(text)} characters and {LONGEST_TEXT} can be spoken at once: shorten it.",
            code="speech_text",
            status=422,
        )


def _espeak_voices(program: str) -> Iterator[Voice]:
    """Lines such as ` 5  en-us   --/M   English_(America)  gmw/en-US  (en 3)`, one of each language."""
    seen = set()
    for line in _run([program, "--voices"]).splitlines()[1:]:
        columns = line.split()
        if len(columns) >= 4 and columns[1] not in seen:
            seen.add(columns[1])
            yield Voice(columns[1], columns[3].replace("_", " "), columns[1])


def _flite_voices(program: str) -> Iterator[Voice]:
    """One line such as `Voices available: kal awb_time kal16 awb rms slt`, all of them English."""
    names = _run([program, "-lv"]).partition(":")[2].split()
    for name in names:
        if "_" not in name and not _FLITE_RATES.search(name):
            yield Voice(name, f"English ({name})", "en-us")


def _run(command: Sequence[str]) -> str:
    """Standard output of a program that gets nothing but its arguments."""
    try:
        done = subprocess.run(  # noqa: S603 - a program found on PATH, arguments as a list
            command, capture_output=True, check=True, timeout=_SECONDS, stdin=subprocess.DEVNULL
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise _failed(str(error)) from error
    return done.stdout.decode("utf-8", errors="replace")


def _failed(reason: str) -> ServiceError:
    return ServiceError(
        f"The text could not be spoken ({reason}): try another voice, or record it.",
        code="speech_failed",
        status=422,
    )


_ENGINES = {"espeak-ng": _espeak_voices, "flite": _flite_voices}
_ARGUMENTS = {
    "espeak-ng": lambda voice, source, target: ["-b", "1", "-v", voice, "-f", str(source), "-w", str(target)],
    "flite": lambda voice, source, target: ["-voice", voice, "-f", str(source), "-o", str(target)],
}
