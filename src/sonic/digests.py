"""Digests of weights and whole requests, which tell whether two videos would be the same."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sonic
from sonic.media.digest import file_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

_ASSETS = Path(__file__).parent / "assets"


@lru_cache(maxsize=8)
def weights_digest(folder: Path) -> str:
    """SHA-256 over a model's folder and the networks of the package that every model uses.

    Read once a process: models do not change under a running program.
    """
    files = [path for place in (folder, _ASSETS, _ASSETS / "sync") for path in sorted(place.iterdir())]
    lines = [f"{file.name} {file_digest(file)}" for file in files if file.is_file()]
    return _digest(lines)


def request_digest(
    *,
    image: str,
    audio: str,
    config: Mapping[str, Any],
    weights: str,
    format: str = "mp4",  # noqa: A002 - the word for it
    face_points: Mapping[str, Any] | None = None,
    reference_video: str | None = None,
) -> str:
    """SHA-256 that is the same for requests whose videos are the same.

    Args:
        image, audio: digests of the inputs' content (`sonic.media.digest.file_digest`).
        config: a complete `GenerateConfig.to_dict()` with its seed.
        weights: `weights_digest` of the model's folder.
        format: the file's suffix without the dot.
        face_points: names to `[x, y]`, where given.
        reference_video: digest of the video whose head movement is borrowed, where given.
    """
    points = None if face_points is None else dict(face_points)
    content = [sonic.__version__, weights, image, audio, dict(config), format, points]
    return _digest(content if reference_video is None else [*content, reference_video])


def _digest(content: list[Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
