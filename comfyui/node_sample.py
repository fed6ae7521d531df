"""The node that gives a portrait and a recording to try the others with."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from comfy_api.latest import io
from PIL import Image

from . import tensors
from .parts import CATEGORY

SAMPLES = Path(__file__).parent / "samples"


class SonicSample(io.ComfyNode):
    """The sample that comes with the nodes."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Nothing in, a picture and a recording out."""
        return io.Schema(
            node_id="SonicSample",
            display_name="Sonic sample",
            category=CATEGORY,
            description="A portrait and a recording in the public domain, to try the other nodes without "
            "files of your own: Eileen Collins (NASA), and Shakespeare's Sonnet 1 read for LibriVox.",
            outputs=[
                io.Image.Output(display_name="portrait"),
                io.Audio.Output(display_name="voice"),
            ],
        )

    @classmethod
    def execute(cls) -> io.NodeOutput:
        """Read both."""
        with Image.open(SAMPLES / "portrait.jpg") as picture:
            image = np.asarray(picture.convert("RGB"))
        with wave.open(str(SAMPLES / "speech.wav")) as file:
            rate, content = file.getframerate(), file.readframes(file.getnframes())
        samples = np.frombuffer(content, "<i2").astype(np.float32) / np.float32(32768)
        return io.NodeOutput(tensors.images([image]), tensors.audio(samples, rate))
