"""Folders that workers use while they make a video, and what killed workers left in them."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sonic.service.settings import ServiceSettings

_SPARE = 60.0  # seconds


@contextmanager
def scratch(settings: ServiceSettings, worker: str) -> Iterator[Path]:
    """An empty folder for one job of a worker, private to this user; it goes at the end of the block."""
    home = _home(settings) / worker
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as folder:
        yield Path(folder)


def remove_scratch(settings: ServiceSettings, worker: str) -> None:
    """Remove what a worker has left that is known to be dead."""
    shutil.rmtree(_home(settings) / worker, ignore_errors=True)


def clear_scratch(settings: ServiceSettings) -> None:
    """Remove what is older than any job may get: left by workers that died together with their supervisor."""
    home = _home(settings)
    folders = list(home.iterdir()) if home.is_dir() else []
    for folder in folders:
        if time.time() - folder.stat().st_mtime > settings.time_limit + _SPARE:
            remove_scratch(settings, folder.name)


def _home(settings: ServiceSettings) -> Path:
    return settings.folder / "scratch"
