"""Writes into a video what made it, and reads that back."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from PIL import Image

from sonic.errors import InputError
from sonic.media.container import film_of, open_container
from sonic.media.labels import FIELD, gif_label
from sonic.media.output import PROVENANCE_FILE

if TYPE_CHECKING:
    from sonic.media.film import Film

LABEL = "AI-generated video: made by Sonic from a still portrait and a voice recording."

_GIF_COMMENT = b"\x21\xfe"


@dataclass(frozen=True)
class VideoInfo:
    """A video file: size in pixels, frames a second, length in seconds, codecs and, if ours, what made it.

    `label` is the field `AIGC` by which any generator's file says that it is synthetic.
    """

    width: int
    height: int
    fps: float
    duration: float
    codecs: tuple[str, ...]
    provenance: dict[str, Any] | None
    label: dict[str, Any] | None = None


def to_tags(film: Film) -> dict[str, str]:
    """Container tags: the whole story as JSON, and labels for people and for machines unless they are off."""
    story = {"description": to_text(film.provenance)}
    return story if film.label is None else {"comment": LABEL, FIELD: film.label} | story


def to_text(provenance: dict[str, Any]) -> str:
    """One line of JSON."""
    return json.dumps(provenance, sort_keys=True, separators=(",", ":"))


def read_metadata(path: str | os.PathLike[str]) -> dict[str, Any] | None:
    """What made the video at `path` (generator, model, seed, config), or None if Sonic did not.

    Raises:
        InputError: there is no video at `path`.
    """
    return read_info(path).provenance


def read_info(path: str | os.PathLike[str]) -> VideoInfo:
    """Size, length, codecs and origin of a video file or a folder of pictures.

    Raises:
        InputError: there is no video at `path`.
    """
    path = Path(path).expanduser()
    if not os.path.exists(path):  # noqa: PTH110 - Path.exists raises for names that are too long
        raise InputError(f"'{path}' does not exist: check the path.")
    if path.is_dir():
        return _folder_info(path)
    try:
        with open_container(path) as container:
            return _file_info(path, container)
    except (av.error.FFmpegError, OSError) as error:
        raise InputError(f"'{path}' is not a video that can be read: give an .mp4, .webm or .gif.") from error


def _file_info(path: Path, container: av.container.InputContainer) -> VideoInfo:
    video = film_of(container)
    if video is None:
        raise InputError(f"'{path}' has no pictures in it: give a video.")
    if container.format.name.endswith(("image2", "_pipe")):  # FFmpeg's names for single pictures
        raise InputError(f"'{path}' is a picture: give a video.")
    tags = {key.lower(): value for key, value in container.metadata.items()}
    gif = container.format.name == "gif"
    return VideoInfo(
        width=video.width,
        height=video.height,
        fps=float(video.average_rate or 0),
        duration=(container.duration or 0) / av.time_base,
        codecs=tuple(stream.codec_context.name for stream in container.streams if stream.codec_context),
        provenance=_parse(_gif_comment(path) if gif else tags.get("description", "")),
        label=_object(gif_label(path) if gif else tags.get(FIELD.lower(), "")),
    )


def _folder_info(folder: Path) -> VideoInfo:
    pictures = sorted(folder.glob("*.png"))
    story = folder / PROVENANCE_FILE
    if not pictures or not story.exists():
        raise InputError(
            f"'{folder}' is not a folder of pictures made by Sonic: it has no {PROVENANCE_FILE}."
        )
    provenance = _parse(story.read_text(encoding="utf-8"))
    fps = float((provenance or {}).get("config", {}).get("fps", 25.0))
    with Image.open(pictures[0]) as first:
        label = _object(str(first.info.get(FIELD, "")))
        return VideoInfo(*first.size, fps, len(pictures) / fps, ("png",), provenance, label)


def append_gif_comment(path: Path, text: str) -> None:
    """Put a comment of ASCII `text` before the trailer byte that ends a GIF."""
    content = text.encode("ascii")
    blocks = [content[start : start + 255] for start in range(0, len(content), 255)]
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(_GIF_COMMENT + b"".join(bytes([len(block)]) + block for block in blocks) + b"\x00\x3b")


def _gif_comment(path: Path) -> str:
    """The last comment of a GIF; ours ends the file and ASCII cannot look like its opening bytes."""
    with path.open("rb") as file:
        file.seek(-min(path.stat().st_size, 1 << 16), 2)
        tail = file.read().rpartition(_GIF_COMMENT)[2]
    text = bytearray()
    while tail and tail[0]:
        text += tail[1 : 1 + tail[0]]
        tail = tail[1 + tail[0] :]
    return text.decode("ascii", "replace")


def _parse(text: str) -> dict[str, Any] | None:
    story = _object(text)
    return story if story is not None and "sonic" in str(story.get("generator", "")) else None


def _object(text: str) -> dict[str, Any] | None:
    """What JSON holds, if it is an object."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
