"""What all benchmarks share: the example clip at any length, the machine's description, and the report."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import wave
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import sonic
from sonic import pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
PORTRAIT = ROOT / "examples" / "portrait.jpg"
SPEECH = ROOT / "examples" / "speech.wav"
SEED = 1
STEPS = 25
BUSY = 0.5  # load average above which other programs take part of the cores
PACKAGES = ("numpy", "opencv-python-headless", "av", "onnxruntime")


@dataclass(frozen=True)
class Report:
    """The result of one benchmark: what was run, with what, and rows of named figures."""

    title: str
    settings: dict[str, Any]
    rows: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)

    def show(self, *, as_json: bool) -> None:
        """Print as Markdown, or as one JSON object."""
        machine = environment()
        if as_json:
            print(json.dumps({"environment": machine, **self.__dict__}, indent=2))
            return
        print(f"## {self.title}\n")
        print(*_bullets(machine | self.settings), sep="\n")
        print("", *_table(self.rows), sep="\n")
        print(*(f"\n{note}" for note in self.notes), sep="\n")


def options(
    description: str | None, *, seconds: float, resolutions: Sequence[int]
) -> argparse.ArgumentParser:
    """A parser with what every benchmark takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seconds", type=float, default=seconds, help="length of the audio (%(default)s)")
    parser.add_argument(
        "--resolution",
        type=int,
        nargs="+",
        default=list(resolutions),
        help="min_resolution, one or several (%(default)s)",
    )
    parser.add_argument("--model", default="sonic-base", help="name or folder (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON in place of Markdown")
    return parser


def looped_speech(folder: Path, seconds: float) -> Path:
    """The example voice, pauses and all, repeated to exactly `seconds`, as a WAV file in `folder`."""
    target = folder / f"speech-{seconds:g}s.wav"
    with wave.open(str(SPEECH)) as source, wave.open(str(target), "wb") as looped:
        looped.setparams(source.getparams())
        sentence = source.readframes(source.getnframes())
        frame_bytes = source.getsampwidth() * source.getnchannels()
        wanted = round(seconds * source.getframerate()) * frame_bytes
        while wanted > 0:
            looped.writeframes(sentence[:wanted])
            wanted -= len(sentence)
    return target


def generate(model: sonic.Model, audio: Path, resolution: int) -> sonic.Video:
    """The video that every benchmark draws: the example portrait's square, fixed seed and steps."""
    return model.generate(
        audio=audio,
        image=PORTRAIT,
        min_resolution=resolution,
        crop="face",
        seed=SEED,
        inference_steps=STEPS,
    )


@contextmanager
def serial_pipeline() -> Iterator[None]:
    """Make motion when the renderer asks for it, not ahead in a thread, so that stages do not share cores."""
    with mock.patch.object(pipeline, "prefetch", lambda items, _depth: items):
        yield


def environment() -> dict[str, str]:
    """Processor, cores, system and versions, by name."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    return {
        "CPU": f"{_processor()}, {cores} cores",
        "system": platform.platform(),
        "Python": platform.python_version(),
        "packages": f"sonic {sonic.__version__}, {versions}",
        "load at the end": f"{load:.1f}",
    }


def load_before() -> str:
    """The load average now, with a warning when other programs will distort the figures."""
    if not hasattr(os, "getloadavg"):
        return "unknown"
    load = os.getloadavg()[0]
    return f"{load:.1f}" + (" (BUSY: other programs took part of the cores)" if load > BUSY else "")


def spread(name: str, values: Sequence[float]) -> dict[str, float]:
    """Two columns of a row: the minimum and the median of repeats."""
    return {f"{name}, min": min(values), f"{name}, median": statistics.median(values)}


def resident_bytes() -> int:
    """Memory that this process holds now; on systems without /proc, the most it ever held."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return peak_bytes()


def peak_bytes() -> int:
    """The most memory that this process ever held."""
    import resource

    return bytes_of(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def bytes_of(maxrss: int) -> int:
    """The kernel's `ru_maxrss` in bytes: macOS counts bytes, Linux kibibytes."""
    return maxrss if sys.platform == "darwin" else maxrss * 1024


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _bullets(facts: dict[str, Any]) -> Iterator[str]:
    for name, value in facts.items():
        yield f"- {name}: {value}"


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    names = list(rows[0])
    yield "| " + " | ".join(names) + " |"
    yield "|" + "---|" * len(names)
    for row in rows:
        yield "| " + " | ".join(_cell(row[name]) for name in names) + " |"


def _cell(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
