"""Writes MP4 (H.264 and AAC) and WebM (VP9 and Opus) with the sound in step to the sample."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, VideoReformatter

from sonic.media.metadata import to_tags
from sonic.media.source import ffmpeg_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sonic.media.audio import Samples
    from sonic.media.film import Film, Frame

SOUND_RATE = 48_000


@dataclass(frozen=True)
class Recipe:
    """The codecs of one kind of file and their settings."""

    container: str
    video: str
    video_options: dict[str, str]
    audio: str
    audio_format: str
    audio_frame: int  # samples that the encoder takes at a time
    container_options: dict[str, str]


MP4 = Recipe(
    container="mp4",
    video="libx264",
    video_options={"preset": "veryfast", "crf": "18", "profile": "high"},
    audio="aac",
    audio_format="fltp",
    audio_frame=1024,
    container_options={"movflags": "+faststart+use_metadata_tags"},
)
WEBM = Recipe(
    container="webm",
    video="libvpx-vp9",
    video_options={"deadline": "realtime", "cpu-used": "7", "row-mt": "1", "crf": "24", "b": "0"},
    audio="libopus",
    audio_format="flt",
    audio_frame=960,
    container_options={},
)


class MovieSink:
    """Encodes frames and, always just far enough ahead, the sound that belongs to them."""

    def __init__(self, path: Path, film: Film, recipe: Recipe) -> None:
        self._film = film
        self._recipe = recipe
        self._convert = VideoReformatter()  # kept, because setting up a conversion costs as much as doing it
        self._frames = 0
        self._samples = 0
        self._container = av.open(
            ffmpeg_name(path), "w", format=recipe.container, options=recipe.container_options
        )
        self._container.metadata.update(to_tags(film))
        self._video = self._add_video()
        self._channels = min(2, film.audio.channels)
        self._audio = self._add_sound()
        self._sound = self._blocks()

    def _add_video(self) -> av.VideoStream:
        options = dict(self._recipe.video_options)
        added = self._container.add_stream(self._recipe.video, rate=self._film.rate, options=options)
        stream = cast("av.VideoStream", added)
        stream.width, stream.height = self._film.size
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.gop_size = max(1, round(2 * self._film.fps))  # a player can seek to every second second
        context.color_range = ColorRange.MPEG
        context.colorspace = Colorspace.ITU709
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        return stream

    def _add_sound(self) -> av.AudioStream:
        layout = "mono" if self._channels == 1 else "stereo"
        added = self._container.add_stream(self._recipe.audio, rate=SOUND_RATE, layout=layout)
        stream = cast("av.AudioStream", added)
        stream.bit_rate = 96_000 * self._channels
        return stream

    def _blocks(self) -> Iterator[Samples]:
        return self._film.audio.blocks(
            SOUND_RATE,
            self._channels,
            block_seconds=self._recipe.audio_frame / SOUND_RATE,
            duration=self._film.duration,
        )

    def write(self, frame: Frame) -> None:
        """Encode one frame and the sound up to its end."""
        picture = self._convert.reformat(
            av.VideoFrame.from_ndarray(frame, "rgb24"),
            format="yuv420p",
            src_colorspace=Colorspace.ITU709,
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
        )
        picture.pts, picture.time_base = self._frames, 1 / self._film.rate
        self._container.mux(self._video.encode(picture))
        self._frames += 1
        self._write_sound(until=round(self._frames / self._film.rate * SOUND_RATE))

    def _write_sound(self, until: int) -> None:
        while self._samples < until and (block := next(self._sound, None)) is not None:
            columns = block.reshape(len(block), self._channels)
            planar = self._recipe.audio_format.endswith("p")
            sound = av.AudioFrame.from_ndarray(
                columns.T.copy() if planar else columns.reshape(1, -1).copy(),
                self._recipe.audio_format,
                self._audio.layout.name,
            )
            sound.sample_rate, sound.pts = SOUND_RATE, self._samples
            sound.time_base = Fraction(1, SOUND_RATE)
            self._container.mux(self._audio.encode(sound))
            self._samples += len(block)

    def finish(self) -> None:
        """Encode what is left of the sound and close the file."""
        self._write_sound(until=round(self._film.duration * SOUND_RATE))
        self._container.mux(self._video.encode(None))
        self._container.mux(self._audio.encode(None))
        self._container.close()

    def discard(self) -> None:
        """Close the file."""
        self._container.close()
