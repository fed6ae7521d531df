"""A loaded model: turns a portrait and a recording into a video."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

import sonic
from sonic.config import GenerateConfig
from sonic.face.check import inspect_picture
from sonic.face.points import FacePoints
from sonic.hub import find_model, read_config
from sonic.marks.marks import Marks
from sonic.media.audio import AudioSource
from sonic.media.digest import digest
from sonic.media.film import Film
from sonic.media.image import load_image
from sonic.media.source import named_file
from sonic.motion.sampler import MotionSampler
from sonic.pipeline import MOTION_RATE, Networks, prepare, redrawn
from sonic.portraits import PortraitShelf
from sonic.render.mouth_network import mouth_of
from sonic.speech.denoise import cleaned
from sonic.speech.encoder import SpeechEncoder
from sonic.video import Video

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

    from sonic.face.checks.report import PortraitReport
    from sonic.face.points import FacePointsInput
    from sonic.media.audio import AudioInput
    from sonic.media.film import Frame
    from sonic.media.image import ImageInput
    from sonic.pipeline import Take
    from sonic.progress import OnProgress

_THREADS = 1  # a network; renderer and encoder have threads of their own


def load_model(
    name: str | os.PathLike[str] = "sonic-base", device: str | None = None, *, keep_portraits: int = 1
) -> Model:
    """Load a model by name or from its folder.

    Args:
        name: of `available_models()`, or a folder.
        device: "cpu" (the default) or "cuda".
        keep_portraits: how many of the latest portraits stay analysed in memory, so that the next recording
            for the same picture starts at once; 0 keeps none.

    Raises:
        ModelNotFoundError: no such model; the message lists the known ones.
        WeightsError: the model is damaged or of another format.
        DependencyError: the device is not available.
    """
    return Model(find_model(name), device=device or "cpu", keep_portraits=keep_portraits)


class Model:
    """Networks in memory, made by `load_model`; one model serves any number of videos.

    Attributes:
        name: the model's name.
        folder: where it was loaded from.
        device: "cpu" or "cuda".
        info: the description from its folder.
    """

    fps = MOTION_RATE
    sample_rate = SpeechEncoder.sample_rate

    def __init__(self, folder: Path, *, device: str = "cpu", keep_portraits: int = 1) -> None:
        self.folder = folder
        self.device = device
        self.info: dict[str, Any] = read_config(folder)
        self.name = str(self.info.get("name", folder.name))
        sampler, mouth = MotionSampler(folder, device=device, threads=_THREADS), mouth_of(folder)
        self._networks = Networks(
            speech=SpeechEncoder(device=device, threads=_THREADS),
            sampler=sampler,
            mouth=mouth,
            portraits=PortraitShelf(sampler.space, mouth, keep=keep_portraits),
        )

    def generate(
        self,
        *,
        audio: AudioInput,
        image: ImageInput,
        config: GenerateConfig | None = None,
        sample_rate: int | None = None,
        reference_video: str | os.PathLike[str] | None = None,
        on_progress: OnProgress | None = None,
        face_points: FacePointsInput | None = None,
        **overrides: Any,
    ) -> Video:
        """A video of the portrait `image` speaking `audio`; everything is checked before this returns.

        Args:
            audio: path, bytes, binary file object, `(samples, rate)`, or samples `[N]`, `[N, C]` with
                `sample_rate` in Hz.
            image: path, bytes, binary file object, PIL image or array `[H, W(, 3 or 4)]`; or the path of a
                video, whose main person is dubbed: head and eyes stay as they are, the mouth speaks anew.
            config: options; the defaults if not given.
            sample_rate: rate of bare samples.
            reference_video: path of a video whose main face lends its head movement and blinks, repeated to
                and fro where the talk lasts longer than its first minute.
            on_progress: called with `Progress` here and while the video is drawn; what it raises cancels.
            face_points: where the face is, placed by hand: names to `[x, y]`, or a JSON file that
                `sonic annotate` wrote; for drawings in which no face is found.
            overrides: single options by name, on top of `config`.

        Raises:
            ConfigError: an option is unknown or out of range.
            AudioError, ImageError and their children: the recording or the portrait cannot be used.
            VideoError: the video to dub or the reference video cannot be used.
        """
        chosen = GenerateConfig.build(config, **overrides)
        sources = tuple(path for path in map(named_file, (audio, image, reference_video)) if path is not None)
        if chosen.seed is None:
            chosen = replace(chosen, seed=secrets.randbits(32))
        sound = AudioSource.open(audio, sample_rate)
        take = prepare(
            self._networks,
            chosen,
            sound,
            image,
            on_progress,
            reference_video=reference_video,
            face_points=None if face_points is None else FacePoints.read(face_points),
        )
        inputs = {"image": digest(image), "audio": digest(sound.content)}
        return self._video(take, sources, inputs, on_progress)

    def _video(
        self,
        take: Take,
        sources: tuple[Path, ...],
        inputs: dict[str, str | None],
        on_progress: OnProgress | None,
    ) -> Video:
        config = take.config
        sound = cleaned(take.audio) if config.export_audio == "clean" else take.audio
        provenance = self._provenance(config, inputs)
        marks = Marks.of(config, provenance)
        label = None if marks.label is None else marks.label.to_json()
        return Video(
            Film(take.subject.size, config.fps, take.frame_count, sound, provenance, sources, label),
            config,
            take.frames,
            marks,
            warnings=(*take.warnings, *marks.warnings),
            timings=take.timings,
            on_progress=on_progress,
            redraw=lambda other: self._video(redrawn(take, other), sources, inputs, on_progress),
        )

    def stream(self, *, audio: AudioInput, image: ImageInput, **options: Any) -> Iterator[Frame]:
        """The frames of `generate` one after the other as they are drawn, uint8 RGB `[H, W, 3]`."""
        return self.generate(audio=audio, image=image, **options).frames()

    def inspect(
        self,
        image: ImageInput,
        *,
        face_index: int | None = None,
        face_points: FacePointsInput | None = None,
        expand_ratio: float = 0.2,
    ) -> PortraitReport:
        """Look at a portrait as `generate` does and say what will suffer, what cannot work, and what helps.

        Args:
            image: as for `generate`.
            face_index: which face, 0 for the largest; the largest if not given.
            face_points: where the face is, as for `generate`.
            expand_ratio: as for `generate`; it sizes the crop in the report and nothing else.

        Raises:
            ImageError: the picture cannot be read; FaceIndexError, FacePointsError: see `generate`. What else
                `generate` refuses is a finding of severity "refuse" here.
        """
        points = None if face_points is None else FacePoints.read(face_points)
        return inspect_picture(
            load_image(image), face_index=face_index, face_points=points, expand_ratio=expand_ratio
        )

    def self_test(self) -> int:
        """Make motion for one second of noise, as `sonic doctor` does; returns the number of frames."""
        noise = np.random.default_rng(0).normal(0, 0.1, self.sample_rate).astype(np.float32)
        features = self._networks.speech.stream([noise])
        motion = self._networks.sampler.stream(features, frames=self.fps, seed=0, steps=1)
        return sum(len(chunk) for chunk in motion)

    def _provenance(self, config: GenerateConfig, inputs: dict[str, str | None]) -> dict[str, Any]:
        return {
            "generator": f"sonic {sonic.__version__}",
            "model": self.name,
            "seed": config.seed,
            "config": config.to_dict(),
            "inputs": inputs,
            "synthetic": True,
        }

    def __repr__(self) -> str:
        return f"Model({self.name!r}, device={self.device!r})"
