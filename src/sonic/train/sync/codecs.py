"""The codec shortcut: clips written with other codecs and read again must keep their answers."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from sonic.evaluate.sync import MEL_ROWS, loudness, mel_rows
from sonic.speech.mel import SAMPLE_RATE
from sonic.train.prepare.clip_reader import frames_of, sound_from
from sonic.train.prepare.features import encode_together, speech_encoder
from sonic.train.sync.views import Sounds, grey

if TYPE_CHECKING:
    from sonic.motion.head import Array
    from sonic.train.sync.views import Frames, SyncClip

_RATE = 25


@dataclass(frozen=True)
class Codec:
    """A way to write a clip.

    Attributes:
        name: for tables.
        suffix: of the container.
        video: video encoder and its options.
        audio: audio encoder and its bit rate.
    """

    name: str
    suffix: str
    video: tuple[str, dict[str, str]]
    audio: tuple[str, int]


CODECS = (
    Codec("H.264 crf 35, AAC 32 kb/s, MP4", ".mp4", ("libx264", {"crf": "35"}), ("aac", 32_000)),
    Codec(
        "MPEG-4 part 2 q 10, MP3 48 kb/s, MKV",
        ".mkv",
        ("mpeg4", {"qmin": "10", "qmax": "10"}),
        ("mp3", 48_000),
    ),
)


def recoded(crops: Frames, sound: Array, codec: Codec) -> tuple[Frames, Array]:
    """RGB crops [T, H, W, 3] and sound [N] at 16 kHz after being written and read once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clip{codec.suffix}"
        _write(path, crops, sound, codec)
        frames, start = frames_of(path)
        return np.stack(list(frames))[: len(crops)], sound_from(path, start)


def _write(path: Path, crops: Frames, sound: Array, codec: Codec) -> None:
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream(codec.video[0], rate=_RATE, options=codec.video[1])
        video.height, video.width, video.pix_fmt = *crops.shape[1:3], "yuv420p"
        audio: Any = container.add_stream(codec.audio[0], rate=SAMPLE_RATE)
        audio.bit_rate, audio.layout = codec.audio[1], "mono"
        for crop in crops:
            container.mux(video.encode(av.VideoFrame.from_ndarray(crop, format="rgb24")))
        container.mux(video.encode(None))
        block = av.AudioFrame.from_ndarray(sound[None].astype(np.float32), format="fltp", layout="mono")
        block.sample_rate, block.pts, block.time_base = SAMPLE_RATE, 0, Fraction(1, SAMPLE_RATE)
        container.mux(audio.encode(block))
        container.mux(audio.encode(None))


def with_sound(clip: SyncClip, crops: Frames, sound: Array) -> SyncClip:
    """The clip with other crops (RGB) and another recording of its sound, encoded by itself."""
    if clip.sounds.rows_per_frame == MEL_ROWS:
        rows = mel_rows(sound)
    else:
        rows = encode_together([sound], speech_encoder())[0]
    sounds = Sounds({"clean": rows}, {"clean": 1.0}, clip.sounds.rows_per_frame)
    pictures = grey(crops) if len(clip.crops) else clip.crops
    return replace(clip, crops=pictures, sounds=sounds, levels=loudness(sound))
