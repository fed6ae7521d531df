"""The road from one portrait and one recording to frames: all checked first, then streamed."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np

from sonic.driver import Driver, compensated
from sonic.face.portrait import analyse_portrait
from sonic.hearing import QUIET
from sonic.media.image import load_image
from sonic.motion.controls import Controls
from sonic.motion.resample import resample
from sonic.progress import Reporter
from sonic.render.renderer import Renderer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sonic.config import GenerateConfig
    from sonic.face.portrait import Portrait
    from sonic.media.audio import AudioInfo, AudioSource
    from sonic.media.film import Frame
    from sonic.media.image import ImageInput
    from sonic.motion.sampler import MotionSampler
    from sonic.motion.space import FaceMotion
    from sonic.progress import OnProgress
    from sonic.render.mouth_network import MouthNetwork
    from sonic.speech.encoder import SpeechEncoder

Item = TypeVar("Item")

MOTION_RATE = 25  # Hz, of the motion model
LEAST_OF_WISHED = 0.85  # of min_resolution; pictures about as large as asked for keep their own size
_WAITING_CHUNKS = 2  # of motion, between the motion model and the renderer


@dataclass(frozen=True)
class Networks:
    """What a loaded model consists of."""

    speech: SpeechEncoder
    sampler: MotionSampler
    mouth: MouthNetwork


@dataclass(frozen=True)
class Take:
    """One portrait and one recording, ready to be drawn any number of times; `config.seed` is set."""

    config: GenerateConfig
    driver: Driver
    controls: Controls
    portrait: Portrait
    renderer: Renderer
    networks: Networks
    frame_count: int
    warnings: tuple[str, ...]
    timings: dict[str, float] = field(default_factory=dict)

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
        neutral = sampler.space.neutral(self.portrait.landmarks)
        resampled = resample(vectors, MOTION_RATE, self.config.fps, self.frame_count)
        for chunk in self._timed("motion", resampled, without="features"):
            yield sampler.space.decode(chunk, neutral)

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
) -> Take:
    """Check the recording and the portrait, build the portrait's layers; raises what is wrong with them."""
    reporter = Reporter(on_progress)
    reporter.begin("audio")
    info = audio.probe()
    duration, warnings = plan_duration(config, info)
    driver = Driver.of(audio, info, config)
    controls = _controls(config, driver)
    timings = {"audio": reporter.end()}
    reporter.begin("portrait")
    portrait = analyse_portrait(
        load_image(image), expand_ratio=config.expand_ratio, face_index=config.face_index
    )
    renderer = Renderer(
        portrait,
        networks.sampler.space,
        resolution=config.min_resolution,
        crop=config.crop,
        mouth=networks.mouth,
    )
    timings["analyse"] = reporter.end()
    return Take(
        config=config,
        driver=driver,
        controls=controls,
        portrait=portrait,
        renderer=renderer,
        networks=networks,
        frame_count=max(1, round(duration * config.fps)),
        warnings=(
            *config.advice(),
            *warnings,
            *driver.notes(controls, config),
            *_doubts(config, info, portrait, renderer.canvas.side),
        ),
        timings=timings,
    )


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


def _controls(config: GenerateConfig, driver: Driver) -> Controls:
    controls = Controls(
        dynamic_scale=config.dynamic_scale,
        motion_scale=config.motion_scale,
        blink=config.blink,
        smoothing=config.temporal_smoothing,
        lip_sync=config.lip_sync_refinement,
    )
    return compensated(controls, driver.survey) if config.compensation else controls


def _doubts(config: GenerateConfig, info: AudioInfo, portrait: Portrait, side: int) -> Iterator[str]:
    """What the recording or the portrait will make worse than it could be; the head is drawn at `side`."""
    if info.loudness < QUIET:
        yield f"The recording is very quiet ({info.loudness:.0f} dB): the lips may follow its noise."
    if portrait.face_count > 1 and config.face_index is None:
        yield f"The portrait shows {portrait.face_count} faces: the largest is animated, face_index chooses."
    if portrait.crop.size < config.min_resolution / 2:
        yield (
            f"The head has only {portrait.crop.size:.0f} pixels in the portrait: "
            f"at min_resolution {config.min_resolution} it looks soft."
        )
    if side < LEAST_OF_WISHED * config.min_resolution:
        yield (
            f"The head is drawn at {side} pixels instead of min_resolution {config.min_resolution}, because "
            "the whole picture would become too large to play: crop 'face' draws it as asked."
        )
