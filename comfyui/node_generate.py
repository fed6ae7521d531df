"""The node that makes talking videos."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from . import package
from .files import save_input
from .filming import Take, draw_all, images_input, outputs
from .parts import (
    CATEGORY,
    SonicModelType,
    SonicPortraitType,
    SonicVoiceType,
    pair,
    portraits,
    voices,
)
from .watch import Watch
from .widgets import overrides, video_widgets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sonic import Model

    from .parts import Portrait, Voice

logger = logging.getLogger(__name__)


class SonicGenerate(io.ComfyNode):
    """Makes one video for each portrait and recording."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Model, portrait and voice, and every option that is not about one of the inputs."""
        return io.Schema(
            node_id="SonicGenerate",
            display_name="Sonic generate",
            category=CATEGORY,
            description="Makes a talking video of a portrait and a recording. Several portraits, or "
            "several recordings, give one video each.",
            inputs=[
                SonicModelType.Input("model", tooltip="From Load Sonic model."),
                io.MultiType.Input(
                    "portrait",
                    [SonicPortraitType, io.Image, io.Video],
                    tooltip="From Sonic portrait, or an image, or a batch of images, or a video to dub.",
                ),
                io.MultiType.Input(
                    "voice",
                    [SonicVoiceType, io.Audio],
                    tooltip="From Sonic voice, or any audio.",
                ),
                io.Video.Input(
                    "reference_video",
                    optional=True,
                    tooltip="A video whose main face lends its head movement and blinks.",
                ),
                images_input(),
                *video_widgets(),  # last: saved graphs hold values by place, and options may be added
            ],
            outputs=outputs(),
        )

    @classmethod
    def execute(
        cls,
        model: Model,
        portrait: Any,
        voice: Any,
        *,
        images: bool,
        reference_video: Any = None,
        **widgets: Any,
    ) -> io.NodeOutput:
        """Check everything first, then draw one video after the other."""
        package.require()
        pairs = pair(portraits(portrait), voices(voice))
        watch = Watch(len(pairs))
        options = overrides(widgets)
        if reference_video is not None:
            options["reference_video"] = save_input(reference_video)
        takes = []
        for number, (one, spoken) in enumerate(pairs, 1):
            with numbered(number, len(pairs)):
                takes.append(perform(model, one, spoken, options, watch))
        return draw_all(takes, watch, images=images)


def perform(model: Model, portrait: Portrait, voice: Voice, options: dict[str, Any], watch: Watch) -> Take:
    """A checked performance of which nothing is drawn yet."""
    video = model.generate(
        audio=(voice.samples, voice.sample_rate),
        image=portrait.image,
        face_points=portrait.face_points,
        on_progress=watch.progress,
        **voice.options,
        **portrait.options,
        **options,
    )
    for warning in video.warnings:
        logger.warning(warning)
    return Take(video, voice)


@contextmanager
def numbered(number: int, count: int) -> Iterator[None]:
    """In a batch, errors say which of the videos they are about."""
    from sonic import SonicError

    try:
        yield
    except SonicError as error:
        if count == 1:
            raise
        raise type(error)(f"Video {number} of {count}: {error}") from error
