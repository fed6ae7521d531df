"""Draws a video into a temporary file and hands over what the nodes give out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from comfy_api.latest import InputImpl, io
from comfy_execution.graph import ExecutionBlocker

from . import tensors
from .files import shown, temporary_movie
from .parts import SonicTakeType

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from sonic import Video

    from .parts import Voice
    from .watch import Watch

BYTES_PER_PIXEL = 12  # three float32
WITHOUT_IMAGES = "No pictures were kept: turn on 'images' in the Sonic node, or use its video output."


@dataclass(frozen=True)
class Take:
    """A performance that can be drawn again: the video, and the voice that it was made from."""

    video: Video
    voice: Voice


@dataclass(frozen=True)
class Clip:
    """A drawn take: the file, and its frames as IMAGE where they were wanted."""

    take: Take
    path: Path
    images: Any | None


def images_input() -> io.Input:
    """The switch that decides whether frames are kept in memory."""
    return io.Boolean.Input(
        "images",
        default=False,
        tooltip="Also give the frames as IMAGE. They stay in memory: a minute of 512x512 at 25 frames a "
        "second takes 4.7 GB. The video output needs none of it, however long it is.",
    )


def outputs() -> list[io.Output]:
    """The outputs of all nodes that make videos; each is a list, with one entry a video."""
    return [
        io.Video.Output(display_name="video", tooltip="The video with its sound.", is_output_list=True),
        io.Image.Output(display_name="images", tooltip="All frames, if 'images' is on.", is_output_list=True),
        io.Audio.Output(display_name="audio", tooltip="The sound of the video.", is_output_list=True),
        io.Float.Output(display_name="fps", tooltip="Frames a second.", is_output_list=True),
        SonicTakeType.Output(
            display_name="take", tooltip="The performance, for Sonic preview to final.", is_output_list=True
        ),
        io.String.Output(
            display_name="notes", tooltip="What the options or inputs make worse.", is_output_list=True
        ),
    ]


def draw_all(takes: Sequence[Take], watch: Watch, *, images: bool) -> io.NodeOutput:
    """Draw one take after the other and give out all that `outputs` names."""
    clips = []
    for take in takes:
        clips.append(draw(take, watch, images=images))
        watch.next_video()
    return io.NodeOutput(
        [InputImpl.VideoFromFile(str(clip.path)) for clip in clips],
        [clip.images for clip in clips] if images else ExecutionBlocker(WITHOUT_IMAGES),
        [sound(take) for take in takes],
        [take.video.fps for take in takes],
        list(takes),
        ["\n".join(take.video.warnings) for take in takes],
        ui=shown([clip.path for clip in clips]),
    )


def blocked() -> io.NodeOutput:
    """All outputs closed: what is connected to them waits."""
    return io.NodeOutput(*(ExecutionBlocker(None) for _ in outputs()))


def draw(take: Take, watch: Watch, *, images: bool) -> Clip:
    """Write a take to a temporary file, frame by frame, and keep the frames if they are wanted."""
    room = Room.of(take.video) if images else None

    def keep(frame: NDArray[np.uint8]) -> None:
        watch.frame(frame)
        if room is not None:
            room.add(frame)

    path = take.video.export(temporary_movie(), on_progress=watch.progress, on_frame=keep)
    return Clip(take, path, None if room is None else room.images)


class Room:
    """Memory for the frames of one video, taken at once so that it is known to suffice."""

    def __init__(self, images: Any) -> None:
        self.images = images
        self._count = 0

    @classmethod
    def of(cls, video: Video) -> Room:
        """Room for all frames of `video`; raises MemoryError when there is not enough."""
        width, height = video.size
        check_memory(video.frame_count * width * height * BYTES_PER_PIXEL)
        return cls(tensors.empty_images(video.frame_count, height, width))

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Put one frame, uint8 RGB `[H, W, 3]`, behind the others."""
        self.images[self._count : self._count + 1] = tensors.images([frame])
        self._count += 1


def check_memory(needed: int) -> None:
    """Raise MemoryError when `needed` bytes are more than ComfyUI says are free."""
    import torch
    from comfy import model_management

    free = model_management.get_free_memory(torch.device("cpu"))
    if needed > free:
        raise MemoryError(
            f"The frames need {needed / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free: "
            "turn off 'images' and use the video output."
        )


def sound(take: Take) -> dict[str, Any]:
    """The sound of the video as AUDIO: the recording as it came, or cleaned where that was asked for."""
    video, voice = take.video, take.voice
    if video.config.export_audio == "original":
        return tensors.audio(voice.samples[: round(video.duration * voice.sample_rate)], voice.sample_rate)
    channels = video.audio.channels
    return tensors.audio(
        video.audio.read(voice.sample_rate, channels, duration=video.duration), voice.sample_rate
    )
