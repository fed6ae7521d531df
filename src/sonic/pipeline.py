"""The road from one portrait and one recording to frames: all checked first, then streamed."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np

from sonic.config import HEAD_MOTION
from sonic.driver import Driver, compensated
from sonic.hearing import QUIET
from sonic.motion.controls import Controls
from sonic.motion.expression import Expression
from sonic.motion.resample import resample
from sonic.progress import Reporter
from sonic.reference import borrow_motion

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from sonic.config import GenerateConfig
    from sonic.face.checks.report import PortraitReport
    from sonic.face.points import FacePoints
    from sonic.face.portrait import Portrait
    from sonic.media.audio import AudioInfo, AudioSource
    from sonic.media.film import Frame
    from sonic.media.image import ImageInput
    from sonic.motion.head import Array
    from sonic.motion.sampler import MotionSampler
    from sonic.motion.space import FaceMotion
    from sonic.portraits import PortraitPreparer, PreparedPortrait
    from sonic.progress import OnProgress
    from sonic.render.renderer import Renderer
    from sonic.speech.encoder import SpeechEncoder

Item = TypeVar("Item")

MOTION_RATE = 25  # Hz, of the motion model
LEAST_OF_WISHED = 0.85  # of min_resolution; pictures about as large as asked for keep their own size
BROWS_IN_FRAMES = 0.25  # how much brows move that would bend the frames of glasses
SAID_BETTER = ("small_face",)  # findings that the doubts put beside the options
_WAITING_CHUNKS = 2  # of motion, between the motion model and the renderer


@dataclass(frozen=True)
class Networks:
    """What a loaded model consists of."""

    speech: SpeechEncoder
    sampler: MotionSampler
    portraits: PortraitPreparer


@dataclass(frozen=True)
class Take:
    """One portrait and one recording, ready to be drawn any number of times; `config.seed` is set."""

    config: GenerateConfig
    audio: AudioSource
    info: AudioInfo
    driver: Driver
    controls: Controls
    prepared: PreparedPortrait
    networks: Networks
    frame_count: int
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def portrait(self) -> Portrait:
        """What the analysis found in the picture."""
        return self.prepared.portrait

    @property
    def report(self) -> PortraitReport:
        """What the check says of the portrait."""
        return self.prepared.report

    @property
    def renderer(self) -> Renderer:
        """Draws the portrait in any pose."""
        return self.prepared.renderer

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the options, the recording or the portrait will make worse than it could be."""
        doubts = _doubts(self.config, self.info, self.portrait, self.renderer.canvas.side)
        planned = plan_duration(self.config, self.info)[1]
        notes = self.driver.notes(self.controls, self.config)
        return (*self.config.advice(), *planned, *notes, *_findings(self.report), *doubts)

    def frames(self, on_progress: OnProgress | None = None) -> Iterator[Frame]:
        """Draw all frames, uint8 RGB `[H, W, 3]`; motion is made ahead in a thread of its own."""
        self.timings["render"] = 0.0
        reporter = Reporter(on_progress)
        reporter.begin("motion")
        done = 0
        for chunk in prefetch(self.motion(), _WAITING_CHUNKS):
            if not done:
                reporter.end()
                reporter.begin("frames", self.frame_count)
            for frame in self._timed("render", self._draw(chunk)):
                yield frame
                done += 1
                reporter.step(done)

    def _draw(self, motion: FaceMotion) -> Iterator[Frame]:
        for index in range(len(motion)):
            yield self.renderer.render(motion, index)

    def motion(self) -> Iterator[FaceMotion]:
        """Face movement in chunks, at the video's frame rate."""
        self.timings.update(features=0.0, motion=0.0)
        sampler = self.networks.sampler
        duration = self.frame_count / self.config.fps
        count = int(np.ceil(duration * MOTION_RATE)) + 2  # what the last frames are interpolated from
        features = self.driver.features(self.networks.speech, count / MOTION_RATE)
        features = self._timed("features", features)
        seed, steps = cast("int", self.config.seed), self.config.inference_steps
        vectors = sampler.stream(features, frames=count, seed=seed, steps=steps, controls=self.controls)
        expression = Expression.of(self.config.emotion, self.config.intensity, sampler.space)
        if not self.controls.eyes:
            expression = replace(expression, lids=0.0)
        neutral = sampler.space.neutral(self.portrait.landmarks)
        resampled = resample(vectors, MOTION_RATE, self.config.fps, self.frame_count)
        for chunk in self._timed("motion", resampled, without="features"):
            yield expression.on(sampler.space.decode(chunk, neutral))

    def _timed(self, stage: str, items: Iterable[Item], *, without: str = "") -> Iterator[Item]:
        """The same items, with the seconds that making them took added to `timings[stage]`.

        What was spent `without` another stage, which feeds this one, is left out.
        """
        source = iter(items)
        while True:
            started, others = time.perf_counter(), self.timings.get(without, 0.0)
            item = next(source, None)
            spent_elsewhere = self.timings.get(without, 0.0) - others
            self.timings[stage] += time.perf_counter() - started - spent_elsewhere
            if item is None:
                return
            yield item


def prepare(
    networks: Networks,
    config: GenerateConfig,
    audio: AudioSource,
    image: ImageInput,
    on_progress: OnProgress | None = None,
    *,
    reference_video: str | os.PathLike[str] | None = None,
    face_points: FacePoints | None = None,
) -> Take:
    """Check the recording and the portrait, build the portrait's layers; raises what is wrong with them."""
    reporter = Reporter(on_progress)
    reporter.begin("audio")
    info = audio.probe()
    duration, _ = plan_duration(config, info)
    driver = Driver.of(audio, info, config)
    timings = {"audio": reporter.end()}
    reporter.begin("portrait")
    prepared = networks.portraits.prepare(image, config, face_points)
    timings["analyse"] = reporter.end()
    borrowed = None if reference_video is None else borrow_motion(reference_video, networks.sampler.space)
    return Take(
        config=config,
        audio=audio,
        info=info,
        driver=driver,
        controls=_controls(config, driver, prepared.report, borrowed),
        prepared=prepared,
        networks=networks,
        frame_count=max(1, round(duration * config.fps)),
        timings=timings,
    )


def redrawn(take: Take, config: GenerateConfig) -> Take:
    """The same performance drawn as `config` says; only `preset` and `min_resolution` may differ."""
    prepared = take.networks.portraits.redraw(take.prepared, config)
    return replace(take, config=config, prepared=prepared, timings={})


def plan_duration(config: GenerateConfig, info: AudioInfo) -> tuple[float, tuple[str, ...]]:
    """Seconds of video and warnings: as long as asked for, but never longer than the recording."""
    asked, given = config.duration, info.duration
    if asked is None or abs(asked - given) < 0.5 / config.fps:
        return given, ()
    if asked > given:
        fact, outcome = "longer", "the video ends with the recording"
    else:
        fact, outcome = "shorter", "the rest of the recording is left out"
    warning = f"duration {asked:g} s is {fact} than the recording ({given:.2f} s): {outcome}."
    return min(asked, given), (warning,)


def prefetch(items: Iterator[Item], depth: int) -> Iterator[Item]:
    """The same items, made up to `depth` ahead in another thread."""
    end = object()
    pool = ThreadPoolExecutor(1, thread_name_prefix="sonic-motion")
    try:
        pending = deque(pool.submit(next, items, end) for _ in range(depth))
        while (item := pending.popleft().result()) is not end:
            pending.append(pool.submit(next, items, end))
            yield cast("Item", item)
    finally:
        pool.shutdown(cancel_futures=True)


def _controls(
    config: GenerateConfig, driver: Driver, report: PortraitReport, borrowed: Array | None
) -> Controls:
    controls = Controls(
        dynamic_scale=config.dynamic_scale,
        motion_scale=config.motion_scale,
        blink=config.blink,
        eyes=0.0 if report.eyewear == "sunglasses" else 1.0,
        brows=1.0 if report.eyewear == "none" else BROWS_IN_FRAMES,
        smoothing=config.temporal_smoothing,
        lip_sync=config.lip_sync_refinement,
        head_scale=HEAD_MOTION[config.head_motion],
        gaze=config.gaze,
        blink_rate=config.blink_rate,
        seed=cast("int", config.seed),
        borrowed=borrowed,
    )
    return compensated(controls, driver.survey) if config.compensation else controls


def _findings(report: PortraitReport) -> Iterator[str]:
    """What the portrait check warns of."""
    for finding in report.findings:
        if finding.severity != "info" and finding.code not in SAID_BETTER:
            yield finding.advice


def _doubts(config: GenerateConfig, info: AudioInfo, portrait: Portrait, side: int) -> Iterator[str]:
    """What the recording or the portrait will make worse than it could be; the head is drawn at `side`."""
    if info.loudness < QUIET:
        yield f"The recording is very quiet ({info.loudness:.0f} dB): the lips may follow its noise."
    if portrait.crop.size < config.resolution / 2:
        yield (
            f"The head has only {portrait.crop.size:.0f} pixels in the portrait: "
            f"at min_resolution {config.resolution} it looks soft."
        )
    if side < LEAST_OF_WISHED * config.resolution:
        yield (
            f"The head is drawn at {side} pixels instead of min_resolution {config.resolution}, because "
            "the whole picture would become too large to play: crop 'face' draws it as asked."
        )
