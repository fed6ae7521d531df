"""Digests that say whether a video would come out the same: of inputs, options, weights and version."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import sonic
from sonic.hub import ASSETS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_WEIGHTS = {".json", ".npz", ".onnx", ".safetensors"}  # what a model computes with, unlike its card


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content, 64 hexadecimal digits; raises OSError where it cannot be read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def weights_digest(folder: Path) -> str:
    """SHA-256 of all that the model in `folder` computes with, the package's own networks included."""
    files = [
        (path.relative_to(root).as_posix(), file_digest(path))
        for root in (folder, ASSETS)
        for path in sorted(root.iterdir())
        if path.suffix in _WEIGHTS
    ]
    return _digest(files)


def request_digest(
    inputs: Mapping[str, str | None],
    config: Mapping[str, Any],
    format: str,  # noqa: A002 - the word for it
    weights: str,
) -> str:
    """SHA-256 of a video's making: two requests with the same one give the same file.

    Args:
        inputs: digests by name (`image`, `audio`, ...), None for what is not given.
        config: `GenerateConfig.to_dict()`.
        format: suffix of the file without its dot, such as "mp4".
        weights: `weights_digest` of the model.
    """
    given = {name: digest for name, digest in inputs.items() if digest is not None}
    return _digest([given, dict(config), format, weights, sonic.__version__])


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
