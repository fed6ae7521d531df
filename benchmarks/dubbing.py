"""Dubs clips with recordings: do the lips follow, does the rest stay, does it tremble, what does it cost.

Takes videos of people who talk and recordings of speech; pairs them in order.
"""

from __future__ import annotations

import argparse
import itertools
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import common
import numpy as np

import sonic
from sonic.evaluate.liveliness import tremor
from sonic.face.landmarks import FaceTracker
from sonic.face.topology import CHIN
from sonic.media.footage import frames_at
from sonic.motion.head import fit_head
from sonic.motion.mouth import lip_opening
from sonic.motion.resample import fill_gaps
from sonic.motion.space import MotionSpace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sonic.media.film import Frame

CLOSED = 0.03  # IOD; trackers report gaps up to this on lips that are shut


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", nargs="+", type=Path, required=True, help="videos of people who talk")
    parser.add_argument("--voices", nargs="+", type=Path, default=[common.SPEECH], help="recordings")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each clip (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    model = sonic.load_model()
    pairs = zip(arguments.clips, itertools.cycle(arguments.voices), strict=False)
    rows = [_dub(model, clip, voice, arguments.seconds) for clip, voice in pairs]
    settings = {"clips": len(rows), "seconds of each": arguments.seconds, "inference_steps": common.STEPS}
    common.Report("Dubbing", settings, [*rows, _middle(rows)]).show(as_json=arguments.json)


def _dub(model: sonic.Model, clip: Path, voice: Path, seconds: float) -> dict[str, Any]:
    space = MotionSpace.load(model.folder / "space.safetensors")
    video = model.generate(audio=voice, image=clip, duration=seconds, seed=common.SEED, watermark=False)
    take = video._draw.__self__  # noqa: SLF001 - what was asked of the lips
    wanted = np.concatenate([lip_opening(chunk.displacement) for chunk in take.motion()])
    started = time.perf_counter()
    drawn = list(video.frames())
    spent = time.perf_counter() - started
    filmed = list(itertools.islice(frames_at(clip, video.fps)[0], len(drawn)))
    count = len(filmed)
    old, new = (_shapes(frames[:count], space) for frames in (filmed, drawn))
    closed = wanted[:count] < 0.005
    return {
        "clip": clip.stem,
        "size": "x".join(map(str, video.size)),
        "lips as asked, r": _correlation(lip_opening(new), wanted[:count]),
        "filmed lips, r": _correlation(lip_opening(old), wanted[:count]),
        "closed of asked, %": _share(lip_opening(new)[closed] < CLOSED),
        "jaw above 8 Hz, %": 100 * float(tremor(new[:, CHIN, 1:2])[0]),
        "filmed jaw, %": 100 * float(tremor(old[:, CHIN, 1:2])[0]),
        "changed outside, %": 100 * _changed(filmed, drawn),
        "ms a frame": 1000 * spent / len(drawn),
    }


def _shapes(frames: Iterable[Frame], space: MotionSpace) -> NDArray[np.float32]:
    tracker = FaceTracker()
    return fit_head(fill_gaps([tracker.track(frame)[0] for frame in frames]), space.template)[1]


def _share(which: NDArray[np.bool_]) -> float | None:
    return 100 * float(which.mean()) if len(which) else None


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def _changed(filmed: list[Frame], drawn: list[Frame]) -> float:
    """Share of pixels in the pictures' upper quarter that are not the filmed ones."""
    pairs = zip(filmed, drawn, strict=False)
    return float(np.mean([(a[: len(b) // 4] != b[: len(b) // 4]).any(-1).mean() for a, b in pairs]))


def _middle(rows: list[dict[str, Any]]) -> dict[str, Any]:
    numbers = {name: [row[name] for row in rows if row[name] is not None] for name in rows[0]}
    return {
        name: float(np.median(values)) if isinstance(values[0], float) else "median"
        for name, values in numbers.items()
    }


if __name__ == "__main__":
    main()
