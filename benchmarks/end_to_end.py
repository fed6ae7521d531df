"""The whole command as a user runs it: wall time, frames a second, peak memory, time to the first frame.

Every run is a process of its own, so start-up, loading, decoding, drawing, encoding and muxing are all in
the figures. One process runs beforehand and is not counted: it brings the files into the system's cache.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import common

if TYPE_CHECKING:
    import argparse

READY = "first frame"
# A process that does what the first use does, and says so as soon as it holds a picture.
FIRST_FRAME = """
import sys
sys.path.insert(0, sys.argv[1])
import common, sonic
from pathlib import Path
video = common.generate(sonic.load_model(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
next(video.frames())
print("first frame", flush=True)
import os
os._exit(0)  # the rest of the video is not wanted
"""


@dataclass(frozen=True)
class Run:
    """One run of the command: seconds by the clock and of all cores, frames written, most bytes held."""

    seconds: float
    cpu: float
    frames: int
    peak: int


def main() -> None:
    arguments = _parse()
    load = common.load_before()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        audio = common.looped_speech(Path(folder), arguments.seconds)
        _first_frame(arguments.model, audio, arguments.resolution[0])  # fills the system's file cache
        for resolution in arguments.resolution:
            runs = [
                _run(command(arguments.model, audio, resolution, Path(folder) / "talk.mp4"))
                for _ in range(arguments.repeats)
            ]
            ready = [_first_frame(arguments.model, audio, resolution) for _ in range(arguments.repeats)]
            rows.append(_row(resolution, arguments.seconds, runs, ready))
    _report(arguments, rows, load).show(as_json=arguments.json)


def command(model: str, audio: Path, resolution: int, target: Path) -> list[str]:
    """The command line that is measured."""
    settings = {
        "--model": model,
        "--crop": "face",
        "--min-resolution": str(resolution),
        "--seed": str(common.SEED),
        "--inference-steps": str(common.STEPS),
        "-o": str(target),
    }
    flat = [word for pair in settings.items() for word in pair]
    start = [sys.executable, "-m", "sonic", "generate", str(common.PORTRAIT), str(audio)]
    return [*start, *flat, "--force", "--quiet"]


def _parse() -> argparse.Namespace:
    parser = common.options(__doc__, seconds=30, resolutions=(512, 1024))
    parser.add_argument("--repeats", type=int, default=3, help="runs of each kind (%(default)s)")
    return parser.parse_args()


def _run(words: list[str]) -> Run:
    started = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)  # the only call that tells what one child used
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"The command failed with code {process.returncode}: {' '.join(words)}")
    frames = _count_frames(Path(words[words.index("-o") + 1]))
    return Run(seconds, usage.ru_utime + usage.ru_stime, frames, common.bytes_of(usage.ru_maxrss))


def _count_frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size)


def _first_frame(model: str, audio: Path, resolution: int) -> float:
    """Seconds from the start of a process until it holds the first picture."""
    here = str(Path(__file__).parent)
    words = [sys.executable, "-c", FIRST_FRAME, here, model, str(audio), str(resolution)]
    started = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - started
    if line.strip() != READY:
        raise SystemExit("The process that draws the first frame failed; its message is above.")
    return seconds


def _row(resolution: int, audio_seconds: float, runs: list[Run], ready: list[float]) -> dict[str, Any]:
    wall = [run.seconds for run in runs]
    middle = statistics.median(wall)
    return {
        "min_resolution": resolution,
        "audio s": audio_seconds,
        "frames": runs[0].frames,
        **common.spread("wall s", wall),
        "frames/s, median": runs[0].frames / middle,
        "wall / audio, median": middle / audio_seconds,
        **common.spread("first frame s", ready),
        "CPU s, median": statistics.median(run.cpu for run in runs),
        "peak memory MB": round(max(run.peak for run in runs) / 1e6),
    }


def _report(arguments: argparse.Namespace, rows: list[dict[str, Any]], load: str) -> common.Report:
    words = command(arguments.model, Path("AUDIO"), arguments.resolution[0], Path("talk.mp4"))
    settings = {
        "command": " ".join(["python", *words[1:4], "examples/portrait.jpg", *words[5:]]),
        "repeats": arguments.repeats,
        "load before": load,
    }
    notes = ["`wall / audio` below 1 is faster than real time; CPU seconds count all cores together."]
    return common.Report("End to end", settings, rows, notes)


if __name__ == "__main__":
    main()
