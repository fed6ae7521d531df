"""Folders that workers use while they make a video, and what killed workers left in them."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sonic.service.fleet import Fleet
    from sonic.service.settings import ServiceSettings


@contextmanager
def scratch(settings: ServiceSettings, worker: str) -> Iterator[Path]:
    """An empty folder for one job of a worker, private to this user; it goes at the end of the block."""
    home = settings.folder / "scratch" / worker
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as folder:
        yield Path(folder)


def clear_scratch(settings: ServiceSettings, fleet: Fleet) -> None:
    """Remove what workers left that no longer report; faces and voices do not stay behind."""
    home = settings.folder / "scratch"
    if not home.is_dir():
        return
    known = {report.name for report in fleet.list()}
    for folder in home.iterdir():
        if folder.name not in known:
            shutil.rmtree(folder, ignore_errors=True)
