"""How long a worker takes for a video, by the length of the recording: what `queueing.py` is fed with.

One process with a model that stays loaded makes videos of the example, one after the other, as a worker of
the service does. Portraits are analysed anew each time: the people who wait have pictures of their own.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from pathlib import Path

import common

import sonic

OUTPUT = Path(__file__).parent / "service_times.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=24, help="videos to make (%(default)s)")
    parser.add_argument("--shortest", type=float, default=3.0, help="seconds of audio (%(default)s)")
    parser.add_argument("--longest", type=float, default=45.0, help="seconds of audio (%(default)s)")
    parser.add_argument("--resolution", type=int, default=512, help="min_resolution (%(default)s)")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="JSON to write (%(default)s)")
    arguments = parser.parse_args()
    load = common.load_before()
    lengths = _lengths(arguments.jobs, arguments.shortest, arguments.longest)
    rows = measure(lengths, arguments.resolution)
    settings = {"min_resolution": arguments.resolution, "crop": "face", "inference_steps": common.STEPS}
    content = {
        "environment": common.environment() | {"load before": load},
        "settings": settings,
        "jobs": rows,
    }
    arguments.output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    common.Report("Service times", settings | {"load before": load}, rows).show(as_json=False)


def measure(lengths: list[float], resolution: int) -> list[dict[str, float]]:
    """Seconds on the clock and of all cores together for videos of these lengths."""
    model = sonic.load_model(keep_portraits=0)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for length in lengths:
            audio = common.looped_speech(folder, length)
            clock, cpu = time.perf_counter(), time.process_time()
            common.generate(model, audio, resolution).export(folder / "talk.mp4")
            rows.append(
                {
                    "audio s": length,
                    "wall s": round(time.perf_counter() - clock, 3),
                    "cpu s": round(time.process_time() - cpu, 3),
                }
            )
    return rows


def _lengths(count: int, shortest: float, longest: float) -> list[float]:
    """Evenly spread, in a random but fixed order, so that a slow minute does not meet the long ones alone."""
    step = (longest - shortest) / max(1, count - 1)
    lengths = [round(shortest + step * index, 2) for index in range(count)]
    random.Random(0).shuffle(lengths)  # noqa: S311 - nothing secret
    return lengths


if __name__ == "__main__":
    main()
