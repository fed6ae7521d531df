"""Where the time goes: every stage alone, per frame, beside what the machine could do at best.

The stages are the real ones, timed by wrapping their methods, and made to run one after the other: motion is
not made ahead and nothing is encoded while frames are drawn. The last row is the real thing, in parallel.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import av
import common
import cv2
import numpy as np

import sonic
from sonic.media.film import Film
from sonic.media.movie import MP4
from sonic.media.mux import open_writer
from sonic.render.canvas import Canvas
from sonic.render.mouth import MouthInterior
from sonic.render.rig import FaceRig
from sonic.render.scene import Scene
from sonic.render.slit import Slit
from sonic.render.warp import CropWarp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sonic.media.film import Frame

REMAPS = 50
DRAWING = (
    # class, method, stage; the slits of eyes and mouth are one class and told apart by what lies in them
    (FaceRig, "pose", "warp"),
    (CropWarp, "backward", "warp"),
    (Scene, "compose", "composite"),
    (Canvas, "paste", "composite"),
)


def main() -> None:
    arguments = common.options(__doc__, seconds=10, resolutions=(512, 1024)).parse_args()
    load = common.load_before()
    started = time.perf_counter()
    model = sonic.load_model(arguments.model, keep_portraits=0)
    loading = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as folder:
        audio = common.looped_speech(Path(folder), arguments.seconds)
        measured = {size: measure(model, audio, size, Path(folder)) for size in arguments.resolution}
    settings = {
        "audio": f"{arguments.seconds:g} s",
        "inference_steps": common.STEPS,
        "load_model": f"{loading:.2f} s, once",
        "OpenCV threads": cv2.getNumThreads(),
        "load before": load,
    }
    notes = ["Real time at 25 frames a second is 40 ms a frame. `analyse` happens once for a portrait."]
    common.Report("Stages", settings, _rows(measured), notes).show(as_json=arguments.json)


def measure(model: sonic.Model, audio: Path, resolution: int, folder: Path) -> dict[str, float]:
    """Milliseconds per frame by stage at one resolution; `analyse` in milliseconds for the portrait."""
    video = common.generate(model, audio, resolution)
    frames, drawing = _draw(video)
    seconds = {stage: video.timings[stage] for stage in ("features", "motion", "render")} | drawing
    seconds |= {
        "encode": _encode(frames, video, folder / "alone.mp4"),
        "limit: x264 alone": _x264(frames, video, folder / "x264.mp4"),
        "limit: one remap": _remap(frames[0]) * len(frames),
        "everything, in parallel": _export(model, audio, resolution, folder / "whole.mp4"),
    }
    per_frame = {stage: 1e3 * spent / len(frames) for stage, spent in seconds.items()}
    return {"analyse (once)": 1e3 * video.timings["analyse"]} | per_frame


def _draw(video: sonic.Video) -> tuple[list[Frame], dict[str, float]]:
    """All frames, one stage after the other, and the seconds that each part of drawing took."""
    clock: dict[str, float] = defaultdict(float)
    with ExitStack() as stack:
        stack.enter_context(common.serial_pipeline())
        for owner, method, stage in DRAWING:
            stack.enter_context(timed(owner, method, clock, lambda *_, stage=stage: stage))
        stack.enter_context(timed(Slit, "draw", clock, _which_slit))
        frames = list(video.frames())
    return frames, clock


@contextmanager
def timed(owner: type, method: str, clock: dict[str, float], stage: Callable[..., str]) -> Iterator[None]:
    """Add the seconds of every call of `owner.method` to `clock[stage(arguments)]`."""
    original = getattr(owner, method)

    @wraps(original)
    def measured(*arguments: Any, **options: Any) -> Any:
        started = time.perf_counter()
        try:
            return original(*arguments, **options)
        finally:
            clock[stage(*arguments)] += time.perf_counter() - started

    with mock.patch.object(owner, method, measured):
        yield


def _which_slit(_slit: Slit, _canvas: Any, _posed: Any, interior: Any) -> str:
    return "mouth" if isinstance(interior, MouthInterior) else "eyes"


def _encode(frames: list[Frame], video: sonic.Video, target: Path) -> float:
    """Seconds to write the frames with sound, as an export does."""
    film = Film(video.size, video.fps, len(frames), video.audio, video.provenance)
    started = time.perf_counter()
    with open_writer(target, film, overwrite=True) as writer:
        for frame in frames:
            writer.write(frame)
    return time.perf_counter() - started


def _x264(frames: list[Frame], video: sonic.Video, target: Path) -> float:
    """Seconds of x264 alone, from pictures that are YUV already."""
    pictures = [av.VideoFrame.from_ndarray(frame, "rgb24").reformat(format="yuv420p") for frame in frames]
    started = time.perf_counter()
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=round(video.fps), options=dict(MP4.video_options))
        stream.width, stream.height = video.size
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return time.perf_counter() - started


def _remap(frame: Frame) -> float:
    """Seconds of one `cv2.remap` of a frame's size through a gentle wave, the median of many."""
    height, width = frame.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    columns += 3 * np.sin(rows / 40)
    seconds = []
    for _ in range(REMAPS):
        started = time.perf_counter()
        cv2.remap(frame, columns, rows, cv2.INTER_LINEAR)
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds))


def _export(model: sonic.Model, audio: Path, resolution: int, target: Path) -> float:
    """Seconds of a whole export with all its threads, without loading and without the analysis."""
    video = common.generate(model, audio, resolution)
    started = time.perf_counter()
    video.export(target)
    return time.perf_counter() - started


def _rows(measured: dict[int, dict[str, float]]) -> list[dict[str, Any]]:
    names = {
        "analyse (once)": "analyse the portrait, build its layers (once)",
        "features": "features: speech encoder",
        "motion": "motion: flow, all steps",
        "render": "render: all drawing, of which",
        "warp": "- warp: pose and backward map",
        "composite": "- composite: remap and background",
        "mouth": "- mouth",
        "eyes": "- both eyes",
        "encode": "encode: to YUV, x264, AAC, mux",
        "limit: x264 alone": "limit: x264 alone, same frames",
        "limit: one remap": "limit: one cv2.remap of the size",
        "everything, in parallel": "the export, all in parallel",
    }
    return [
        {"stage": name, **{f"ms a frame, {size}": figures[stage] for size, figures in measured.items()}}
        for stage, name in names.items()
    ]


if __name__ == "__main__":
    main()
