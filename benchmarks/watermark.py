"""What the watermark costs and survives: benchmarks/watermark.py PORTRAIT... [--clean FOLDER --trials 1000].

Every portrait speaks two seconds at 512 pixels, is marked, written as `sonic generate` writes it, and then
attacked. With --clean, videos and pictures without a mark are cut, scaled and searched as often as asked for:
none of them should be called marked.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from attacks import attacks, encoded
from common import PORTRAIT, SEED, SPEECH, Report, load_before

import sonic
from sonic.marks.detect import detect
from sonic.marks.watermark import Watermark
from sonic.media.glance import glance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attacks import Frames

    from sonic.marks.detect import Detection

MARK = "11c80363"
LOOKED_AT = 12  # frames of a video, as sonic verify does
OURS = {"preset": "veryfast", "crf": "18", "profile": "high"}
SUFFIXES = (".mp4", ".webm", ".gif", ".png", ".jpg")


@dataclass(frozen=True)
class Marked:
    """A portrait's video before and after, with what marking cost."""

    name: str
    frames: Frames
    costs: dict[str, Any]


def mark(name: str, plain: Frames) -> Marked:
    """Mark a video and write it."""
    watermark = Watermark(MARK)
    started = time.perf_counter()
    watermark.on(plain[0])
    first = time.perf_counter() - started
    marked, spent = [], []
    for frame in plain:
        started = time.perf_counter()
        marked.append(watermark.on(frame))
        spent.append(time.perf_counter() - started)
    error = mean(
        float(np.square(a.astype(np.float32) - b).mean()) for a, b in zip(plain, marked, strict=True)
    )
    written, size = encoded(marked, "libx264", "mp4", **OURS)
    _, before = encoded(plain, "libx264", "mp4", **OURS)
    costs = {
        "portrait": name,
        "PSNR, dB": 10 * math.log10(255**2 / error),
        "ms a frame, min": min(spent) * 1e3,
        "ms a frame, median": median(spent) * 1e3,
        "ms once": first * 1e3,
        "file grows by, %": 100 * (size / before - 1),
    }
    return Marked(name, written, costs)


def look(frames: Frames) -> Detection:
    """Search the mark as `sonic verify` does."""
    places = np.unique(np.linspace(0, len(frames) - 1, LOOKED_AT).round().astype(int))
    return detect(frames[place] for place in places)


def survival(videos: list[Marked]) -> Iterator[dict[str, Any]]:
    """One row for each attack."""
    for name, attack in attacks():
        results = [look(attack(video.frames)) for video in videos]
        yield {
            "attack": name,
            "found": f"{sum(result.found for result in results)}/{len(results)}",
            "number read": f"{sum(result.mark == MARK for result in results)}/{len(results)}",
            "read wrongly": sum(result.mark not in {MARK, None} for result in results),
            "log10 p, median": median(math.log10(max(result.probability, 1e-300)) for result in results),
            "log10 p, worst": max(math.log10(max(result.probability, 1e-300)) for result in results),
        }


def false_alarms(folder: Path, trials: int) -> dict[str, Any]:
    """Search random cuts of files that Sonic did not make."""
    generator = np.random.default_rng(SEED)
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    chances = []
    for path in islice(cycle(generator.permutation(np.array(files, object))), trials):
        frames = list(glance(path, 4))
        part, factor = generator.uniform(0.6, 1.0), generator.uniform(0.4, 1.0)
        height, width = frames[0].shape[:2]
        top, left = (int(generator.uniform(0, (1 - part) * side)) for side in (height, width))
        window = (slice(top, top + int(part * height)), slice(left, left + int(part * width)))
        cuts = [
            cv2.resize(frame[window], None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
            for frame in frames
        ]
        chances.append(detect(cuts).probability)
    return {
        "files": len(files),
        "trials": trials,
        "called marked": sum(chance < 1e-6 for chance in chances),
        "p below 0.01": sum(chance < 0.01 for chance in chances),
        "smallest p": f"{min(chances):.1g}",
    }


def speaking(model: sonic.Model, portrait: Path, seconds: float) -> Frames:
    """Frames without a mark."""
    video = model.generate(
        audio=SPEECH,
        image=portrait,
        duration=seconds,
        crop="face",
        seed=SEED,
        inference_steps=4,
        watermark=False,
    )
    return list(video.frames())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("portraits", nargs="*", type=Path, default=[PORTRAIT])
    parser.add_argument("--seconds", type=float, default=2.0, help="of every video (%(default)s)")
    parser.add_argument("--clean", type=Path, help="folder of videos and pictures that Sonic did not make")
    parser.add_argument("--trials", type=int, default=1000, help="with --clean (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON in place of Markdown")
    options = parser.parse_args()
    settings = {"load before": load_before(), "seconds": options.seconds, "portraits": len(options.portraits)}
    cv2.setNumThreads(1)
    model = sonic.load_model()
    videos = [mark(path.stem, speaking(model, path, options.seconds)) for path in options.portraits]
    Report("Watermark: cost", settings, [video.costs for video in videos]).show(as_json=options.json)
    Report("Watermark: survival", settings, list(survival(videos))).show(as_json=options.json)
    if options.clean:
        rows = [false_alarms(options.clean, options.trials)]
        Report("Watermark: false alarms", settings, rows).show(as_json=options.json)


if __name__ == "__main__":
    main()
