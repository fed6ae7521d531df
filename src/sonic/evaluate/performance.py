"""What a model makes of a recording, by the road that `generate` takes: driver, speech, motion, controls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sonic.config import GenerateConfig
from sonic.driver import Driver, compensated
from sonic.media.audio import AudioSource
from sonic.motion.controls import Controls
from sonic.motion.sampler import MotionSampler, SamplerConfig
from sonic.motion.space import FRAME_RATE
from sonic.speech.encoder import SpeechEncoder

if TYPE_CHECKING:
    from pathlib import Path

    from sonic.media.audio import AudioInput
    from sonic.motion.head import Array


@dataclass(frozen=True)
class Performer:
    """A model's networks and how it is asked to use them.

    Attributes:
        sampler: the motion model.
        speech: the speech encoder.
        steps: solver steps.
    """

    sampler: MotionSampler
    speech: SpeechEncoder
    steps: int

    @classmethod
    def load(cls, folder: Path, steps: int, settings: dict[str, Any] | None = None) -> Performer:
        """The networks of a model folder.

        Args:
            folder: the model.
            steps: solver steps.
            settings: how it is sampled, as in its `config.json`; the model's own if not given.

        Raises:
            WeightsError: the model is damaged.
            TypeError: there is no such setting.
        """
        sampler = MotionSampler(folder)
        if settings is not None:
            sampler = sampler.with_config(SamplerConfig.from_dict(settings))
        return cls(sampler, SpeechEncoder(), steps)

    def perform(self, recording: AudioInput, seed: int = 0) -> Array:
        """Motion [T, dim] at 25 frames a second as the renderer gets it, default controls."""
        audio = AudioSource.open(recording)
        info = audio.probe()
        frames = max(1, round(info.duration * FRAME_RATE))
        driver = Driver.of(audio, info, GenerateConfig())
        features = driver.features(self.speech, frames / FRAME_RATE)
        controls = compensated(Controls(), driver.survey)
        motion = self.sampler.stream(features, frames=frames, seed=seed, steps=self.steps, controls=controls)
        return np.concatenate(list(motion))
