"""The road from one portrait and one recording to frames: all checked first, then streamed."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np

from sonic.config import HEAD_MOTION
from sonic.driver import Driver, compensated
from sonic.dubbing.subject import FilmedSubject
from sonic.hearing import QUIET
from sonic.media.footage import film_path
from sonic.motion.controls import Controls
from sonic.motion.resample import resample
from sonic.prefetch import prefetch
from sonic.progress import Reporter
from sonic.reference import borrow_motion

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from sonic.config import GenerateConfig
    from sonic.face.points import FacePoints
    from sonic.media.audio import AudioInfo, AudioSource
    from sonic.media.film import Frame
    from sonic.media.image import ImageInput
    from sonic.motion.head import Array
    from sonic.motion.sampler import MotionSampler
    from sonic.motion.space import FaceMotion
    from sonic.portraits import PortraitShelf
    from sonic.progress import OnProgress
    from sonic.render.mouth_network import MouthNetwork
    from sonic.speech.encoder import SpeechEncoder
    from sonic.subject import Subject

Item = TypeVar("Item")

MOTION_RATE = 25  # Hz, of the motion model
BROWS_IN_FRAMES = 0.25  # how much brows move that would bend the frames of glasses
_WAITING_CHUNKS = 2  # of motion, between the motion model and the renderer


@dataclass(frozen=True)
class Networks:
    """What a loaded model consists of."""

    speech: SpeechEncoder
    sampler: MotionSampler
    mouth: MouthNetwork
    portraits: PortraitShelf


@dataclass(frozen=True)
class Take:
    """One subject and one recording, ready to be drawn any number of times; `config.seed` is set."""

    config: GenerateConfig
    audio: AudioSource
    info: AudioInfo
    driver: Driver
    controls: Controls
    subject: Subject
    networks: Networks
    frame_count: int
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the options, the recording or the subject will make worse than it could be."""
        planned = plan_duration(self.config, self.info)[1]
        notes = self.driver.notes(self.controls, self.config)
        return (*planned, *notes, *_doubts(self.info), *self.subject.warnings())

    def frames(self, on_progress: OnProgress | None = None) -> Iterator[Frame]:
        """Draw all frames, uint8 RGB `[H, W, 3]`; motion is made ahead in a thread of its own."""
        self.timings["render"] = 0.0
        reporter = Reporter(on_progress)
        reporter.begin("motion")
        done = 0
        with self.subject.drawing() as draw:
            for chunk in prefetch(self.motion(), _WAITING_CHUNKS):
                if not done:
                    reporter.end()
                    reporter.begin("frames", self.frame_count)
                for frame in self._timed("render", draw(chunk)):
                    yield frame
                    done += 1
                    reporter.step(done)

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
        resampled = resample(vectors, MOTION_RATE, self.config.fps, self.frame_count)
        for chunk in self._timed("motion", resampled, without="features"):
            yield self.subject.face(chunk)

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
    """Check the recording and the portrait, build the portrait's layers; raises what is wrong with them.

    Whoever places `face_points` by hand has seen the mouth: the check does not refuse it then.
    """
    reporter = Reporter(on_progress)
    reporter.begin("audio")
    info = audio.probe()
    duration, _ = plan_duration(config, info)
    reporter.begin("audio", math.ceil(info.duration))
    driver = Driver.of(audio, info, config, reporter.step)
    timings = {"audio": reporter.end()}
    started = time.perf_counter()
    subject = _subject(networks, config, image, duration, face_points, reporter)
    reporter.end()
    timings["analyse"] = time.perf_counter() - started
    borrowed = None
    if reference_video is not None:
        borrowed = borrow_motion(reference_video, networks.sampler.space, reporter)
        timings["watch"] = reporter.end()
    config = replace(config, fps=subject.fps)
    return Take(
        config=config,
        audio=audio,
        info=info,
        driver=driver,
        controls=_controls(config, driver, subject.eyewear, borrowed),
        subject=subject,
        networks=networks,
        frame_count=max(1, round(duration * config.fps)),
        timings=timings,
    )


def _subject(
    networks: Networks,
    config: GenerateConfig,
    image: ImageInput,
    duration: float,
    face_points: FacePoints | None,
    reporter: Reporter,
) -> Subject:
    """Whoever `image` shows: a person in a video, or a portrait."""
    if (film := film_path(image)) is not None:
        space = networks.sampler.space
        return FilmedSubject.of(film, config, space, networks.mouth, duration, reporter)
    reporter.begin("portrait")
    return networks.portraits.subject(image, config, reporter, face_points)


def redrawn(take: Take, config: GenerateConfig) -> Take:
    """The same performance drawn as `config` says; only `preset` and `min_resolution` may differ."""
    return replace(take, config=config, subject=take.subject.at(config), timings={})


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


def _controls(config: GenerateConfig, driver: Driver, eyewear: str, borrowed: Array | None) -> Controls:
    controls = Controls(
        dynamic_scale=config.dynamic_scale,
        motion_scale=config.motion_scale,
        blink=config.blink,
        eyes=0.0 if eyewear == "sunglasses" else 1.0,
        brows=1.0 if eyewear == "none" else BROWS_IN_FRAMES,
        smoothing=config.smoothing_filter if config.temporal_smoothing else None,
        lip_sync=config.lip_sync_refinement,
        head_scale=HEAD_MOTION[config.head_motion],
        gaze=config.gaze,
        blink_rate=config.blink_rate,
        seed=cast("int", config.seed),
        borrowed=borrowed,
    )
    return compensated(controls, driver.survey) if config.compensation else controls


def _doubts(info: AudioInfo) -> Iterator[str]:
    """What the recording will make worse than it could be."""
    if info.loudness < QUIET:
        yield f"The recording is very quiet ({info.loudness:.0f} dB): the lips may follow its noise."
