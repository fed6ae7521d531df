"""What happens to videos on their way through the world: re-encoding, scaling, cropping."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import av
import cv2
import numpy as np
from PIL import Image

from sonic.media.animation import Palette

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sonic.media.film import Frame

    Frames: TypeAlias = Sequence[Frame]

RATE = Fraction(25)


def encoded(frames: Frames, codec: str, container: str, **options: str) -> tuple[list[Frame], int]:
    """The frames after encoding and decoding, and the size of the file in bytes."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as output:
        track = output.add_stream(codec, rate=RATE, options=options)
        track.height, track.width = frames[0].shape[:2]
        track.pix_fmt = "yuv420p"
        track.codec_context.thread_count = 1
        for frame in frames:
            output.mux(track.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        output.mux(track.encode(None))
    size = stream.tell()
    stream.seek(0)
    with av.open(stream) as source:
        return [frame.to_ndarray(format="rgb24") for frame in source.decode(video=0)], size


def h264(frames: Frames, crf: int, preset: str = "medium") -> list[Frame]:
    return encoded(frames, "libx264", "mp4", crf=str(crf), preset=preset)[0]


def vp9(frames: Frames, crf: int) -> list[Frame]:
    return encoded(
        frames, "libvpx-vp9", "webm", crf=str(crf), b="0", deadline="realtime", **{"cpu-used": "7"}
    )[0]


def gif(frames: Frames) -> list[Frame]:
    palette = Palette(list(frames[:25]))
    return [palette.colours[palette.map(frame)] for frame in frames]


def jpeg(frames: Frames, quality: int) -> list[Frame]:
    """One still of the video."""
    stream = io.BytesIO()
    Image.fromarray(frames[len(frames) // 2]).save(stream, "JPEG", quality=quality)
    return [np.asarray(Image.open(stream).convert("RGB"))]


def scaled(frames: Frames, factor: float) -> list[Frame]:
    """Smaller frames with even sides."""
    height, width = (round(side * factor / 2) * 2 for side in frames[0].shape[:2])
    return [cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in frames]


def cropped(frames: Frames, part: float) -> list[Frame]:
    """`part` of both sides, off the middle."""
    height, width = (round(side * part / 2) * 2 for side in frames[0].shape[:2])
    top, left = (
        round((side - kept) * 0.35) for side, kept in zip(frames[0].shape[:2], (height, width), strict=True)
    )
    return [np.ascontiguousarray(frame[top : top + height, left : left + width]) for frame in frames]


def attacks() -> Iterator[tuple[str, Callable[[Frames], Frames]]]:
    """Names, and what is done to the frames of a file that Sonic wrote."""
    yield "the file as written", lambda frames: frames
    for crf in (23, 28, 32):
        yield f"H.264 CRF {crf}", lambda frames, crf=crf: h264(frames, crf)
    yield "75 %, CRF 28", lambda frames: h264(scaled(frames, 0.75), 28)
    yield "50 %, CRF 23", lambda frames: h264(scaled(frames, 0.5), 23)
    yield "50 %, CRF 28", lambda frames: h264(scaled(frames, 0.5), 28)
    yield "crop to 80 %, CRF 28", lambda frames: h264(cropped(frames, 0.8), 28)
    yield "crop to 60 %, CRF 28", lambda frames: h264(cropped(frames, 0.6), 28)
    yield "crop to 80 %, 50 %, CRF 23", lambda frames: h264(scaled(cropped(frames, 0.8), 0.5), 23)
    yield "crop to 80 %, 50 %, CRF 28", lambda frames: h264(scaled(cropped(frames, 0.8), 0.5), 28)
    yield "WebM, VP9 CRF 32", lambda frames: vp9(frames, 32)
    yield "GIF", gif
    yield "one JPEG, quality 75", lambda frames: jpeg(frames, 75)
    yield "one JPEG, 50 %, quality 75", lambda frames: jpeg(scaled(frames, 0.5), 75)
