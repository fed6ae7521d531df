"""Takes a few pictures out of anything that holds some: a video, a folder of pictures, or one picture."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from sonic.errors import InputError
from sonic.media.container import film_of, open_container
from sonic.media.image import load_image

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from sonic.media.film import Frame

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
_SHORT = (
    300  # frames; so many are decoded one after the other, of longer videos only where they can be entered
)


def glance(path: str | os.PathLike[str], count: int) -> Iterator[Frame]:
    """About `count` pictures spread over what is at `path`, uint8 RGB `[H, W, 3]`, of one size.

    Raises:
        InputError: there is nothing at `path` that holds pictures.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise InputError(f"'{path}' does not exist: check the path.")
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in _PICTURES)
        yield from map(load_image, _spread(files, count))
    elif path.suffix.lower() in _PICTURES:
        yield load_image(path)
    else:
        yield from _from_video(path, count)


def _spread(files: list[Path], count: int) -> list[Path]:
    return files[:: max(1, round(len(files) / count))]


def _from_video(path: Path, count: int) -> Iterator[Frame]:
    try:
        with open_container(path) as container:
            film = film_of(container)
            if film is None:
                raise InputError(f"'{path}' has no pictures in it: give a video.")
            for frame in _decoded(container, film, count):
                yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    except (av.error.FFmpegError, OSError) as error:
        raise InputError(f"'{path}' is not a video that can be read: give an .mp4, .webm or .gif.") from error


def _decoded(
    container: av.container.InputContainer, film: av.VideoStream, count: int
) -> Iterator[av.VideoFrame]:
    length = container.duration or 0
    frames = length / av.time_base * float(film.average_rate or 25)
    if frames <= _SHORT:
        yield from islice(container.decode(film), 0, None, max(1, round(frames / count)))
        return
    for index in range(count):
        container.seek(length * index // count)
        yield from islice(container.decode(film), 1)
