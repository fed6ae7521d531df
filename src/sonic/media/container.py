"""Opens recordings and videos with FFmpeg: only kinds that lead to no other files, with any tags."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av

from sonic.media.source import ffmpeg_name

if TYPE_CHECKING:
    from pathlib import Path

# Playlists are missing, because they make FFmpeg open other files and addresses.
_CONTAINERS = {
    "format_whitelist": (
        "wav,w64,rf64,aiff,au,caf,flac,mp3,aac,adts,loas,ogg,oga,opus,matroska,webm,mov,mp4,m4a,amr,amrnb,amrwb,ape,"
        "wv,tta,tak,asf,avi,mpeg,mpegts,mpegvideo,flv,ac3,eac3,dts,mpc,mpc8,voc,gsm,sox,spx,gif,apng,"
        "png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,tiff_pipe,image2"
    ),
    "protocol_whitelist": "file",
}


def open_container(source: Path | bytes) -> av.container.InputContainer:
    """The file at a path, or in memory; close it, or use it in a `with` statement.

    Raises:
        FFmpegError: it is of no kind that is read, or damaged; OSError: it cannot be opened.
    """
    opened = io.BytesIO(source) if isinstance(source, bytes) else ffmpeg_name(source)
    return av.open(opened, mode="r", metadata_errors="replace", options=_CONTAINERS)


def film_of(container: av.container.InputContainer) -> av.VideoStream | None:
    """The first stream of pictures whose codec is known, None if there is none."""
    return next((stream for stream in container.streams.video if stream.codec_context), None)
