"""What the decoders' child process does: look at uploads, inspect them, ask the operator's hook."""

from __future__ import annotations

import importlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sonic
from sonic.errors import AudioError, ConfigError, ImageError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sonic.service.settings import ServiceSettings

_THUMBNAIL = 640  # pixels


@dataclass(frozen=True)
class MediaLimits:
    """Pixels that a portrait may have, and seconds that a recording may last."""

    pixels: int
    seconds: float

    @classmethod
    def of(cls, settings: ServiceSettings) -> MediaLimits:
        """What the settings say."""
        return cls(settings.pixel_limit * 1_000_000, settings.duration_limit)


def check_upload(image: Path, audio: Path, limits: MediaLimits, hook: str | None) -> None:
    """Look at the headers of both files, and ask the `hook` about the portrait.

    Raises:
        ServiceError: what is no picture or recording at all (status 415); `portrait_refused`.
        ImageError, AudioError and their children: too large, too long, damaged.
    """
    check_portrait(image, limits)
    check_recording(audio, limits)
    if hook is not None:
        ask_hook(hook, image)


def check_portrait(path: Path, limits: MediaLimits) -> None:
    """Look at the header of a picture, or of a video that is to be dubbed; raises as `check_upload` does."""
    from sonic.media.footage import film_path
    from sonic.media.probe import probe_film

    if film_path(path) is None:
        check_picture(path, limits)
    else:
        probe_film(path, pixels=limits.pixels, seconds=limits.seconds)


def check_picture(path: Path, limits: MediaLimits) -> None:
    """Look at a picture's header; raises as `check_upload` does."""
    from sonic.media.probe import probe_picture

    try:
        probe_picture(path, pixels=limits.pixels)
    except ImageError as error:
        raise _unsupported(error, ImageError) from error


def check_recording(path: Path, limits: MediaLimits) -> None:
    """Count a recording's seconds; raises as `check_upload` does."""
    from sonic.media.probe import probe_recording

    try:
        probe_recording(path, seconds=limits.seconds)
    except AudioError as error:
        raise _unsupported(error, AudioError) from error


def inspect_picture_file(path: Path, limits: MediaLimits, options: dict[str, Any]) -> dict[str, Any]:
    """The portrait report of a file as a dictionary; `options` are those of `inspect_picture`."""
    from sonic.face.check import inspect_picture
    from sonic.media.image import load_image

    check_picture(path, limits)
    return inspect_picture(load_image(path.read_bytes()), **options).to_dict()


def inspect_recording_file(path: Path, limits: MediaLimits) -> dict[str, Any]:
    """The report on a recording's file as a dictionary."""
    check_recording(path, limits)
    return sonic.inspect_audio(path.read_bytes()).to_dict()


def load_readers() -> None:
    """Load what looking at headers needs."""
    importlib.import_module("sonic.media.probe")


def load_inspectors() -> None:
    """Load what inspections need, the networks that find faces among it."""
    import numpy as np

    from sonic.face.check import inspect_picture

    inspect_picture(np.zeros((64, 64, 3), np.uint8))
    importlib.import_module("sonic.hearing")


def first_picture(path: Path) -> bytes:
    """The first picture of a video of ours, as JPEG no wider or higher than 640 pixels."""
    from PIL import Image

    from sonic.media.footage import frames_at

    frames, _ = frames_at(path, 1.0)
    image = Image.fromarray(next(frames))
    image.thumbnail((_THUMBNAIL, _THUMBNAIL))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=85)
    return stream.getvalue()


def find_hook(name: str) -> Callable[[Any], object]:
    """The function that `module:function` names.

    Raises:
        ConfigError: there is none.
    """
    module, _, function = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"portrait_hook '{name}' cannot be loaded ({error}): write module:function."
        ) from error
    if not callable(found):
        raise ConfigError(f"portrait_hook '{name}' is no function: write module:function.")
    hook: Callable[[Any], object] = found
    return hook


def check_hook(name: str) -> None:
    """Raise ConfigError unless `name` is a function."""
    find_hook(name)


def ask_hook(name: str, image: Path) -> None:
    """Call the operator's function with the portrait, uint8 RGB [H, W, 3]; whatever it raises refuses.

    Raises:
        ServiceError: `portrait_refused`, with the function's message.
    """
    from sonic.media.footage import film_path, frames_at
    from sonic.media.image import load_image

    hook = find_hook(name)
    film = film_path(image)
    pixels = load_image(image.read_bytes()) if film is None else next(frames_at(film, 1.0)[0])
    try:
        hook(pixels)
    except Exception as error:  # operators' code: any failure must refuse, never let through
        raise ServiceError(
            f"The portrait was refused: {str(error) or type(error).__name__}", code="portrait_refused"
        ) from error


def _unsupported(error: ImageError | AudioError, plain: type[Exception]) -> Exception:
    """With status 415 where the file is of no kind that is taken, unchanged where the error says more."""
    return ServiceError(str(error), code=error.code, status=415) if type(error) is plain else error
