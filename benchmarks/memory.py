"""Resident memory while long recordings become MP4 files, through the public API.

Each length runs in a process of its own, since a process never forgets its peak. The slope is fitted to the
memory after the first quarter of the video, when every buffer has been filled once.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import common
import numpy as np

import sonic

SAMPLE_EVERY = 125  # frames: 5 s of video
SETTLED = 0.25  # share of the video after which buffers are full


def main() -> None:
    arguments = _parse()
    if arguments.child:
        _child(arguments)
        return
    load = common.load_before()
    rows = [_measure(arguments, minutes) for minutes in arguments.minutes]
    settings = {
        "min_resolution": arguments.resolution[0],
        "inference_steps": common.STEPS,
        "load before": load,
    }
    notes = [f"Slope: straight line through the memory after the first {SETTLED:.0%} of the video."]
    common.Report("Memory", settings, rows, notes).show(as_json=arguments.json)


def _parse() -> argparse.Namespace:
    parser = common.options(__doc__, seconds=60, resolutions=(256,))
    parser.add_argument("--minutes", type=float, nargs="+", default=[1, 5, 10], help="lengths (%(default)s)")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(arguments: argparse.Namespace, minutes: float) -> dict[str, Any]:
    """One length in a fresh process."""
    size = str(arguments.resolution[0])
    words = [sys.executable, __file__, "--child", "--model", arguments.model, "--resolution", size]
    done = subprocess.run(
        [*words, "--seconds", str(60 * minutes)], stdout=subprocess.PIPE, check=True, text=True
    )
    result = json.loads(done.stdout)
    times, held = np.array(result["samples"]).T
    return {
        "audio min": minutes,
        "frames": result["frames"],
        "wall s": result["wall"],
        "peak MB": round(result["peak"] / 1e6),
        "at 1/4 of the video MB": round(float(np.interp(times[-1] / 4, times, held)) / 1e6),
        "at the end MB": round(held[-1] / 1e6),
        "slope MB per minute": slope(times, held) / 1e6,
    }


def slope(times: np.ndarray[Any, Any], held: np.ndarray[Any, Any]) -> float:
    """Bytes gained per minute of video once settled; `times` in seconds of video."""
    settled = times >= SETTLED * times[-1]
    return float(np.polyfit(times[settled] / 60, held[settled], 1)[0])


def _child(arguments: argparse.Namespace) -> None:
    """Export one video, and print the memory held after every few seconds of it."""
    samples: list[tuple[float, int]] = []

    def watch(progress: sonic.Progress) -> None:
        if progress.stage == "frames" and progress.done % SAMPLE_EVERY == 0:
            samples.append((progress.done / sonic.Model.fps, common.resident_bytes()))

    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        audio = common.looped_speech(Path(folder), arguments.seconds)
        model = sonic.load_model(arguments.model)
        video = common.generate(model, audio, arguments.resolution[0])
        video.export(Path(folder) / "talk.mp4", on_progress=watch)
    wall = time.perf_counter() - started
    print(
        json.dumps(
            {"samples": samples, "frames": video.frame_count, "wall": wall, "peak": common.peak_bytes()}
        )
    )


if __name__ == "__main__":
    main()
