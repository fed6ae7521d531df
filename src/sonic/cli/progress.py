"""A progress bar by stage on standard error, silent where nobody looks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sonic.progress import OnProgress
    from sonic.progress import Progress as Report

_LABELS = {
    "audio": "reading the recording",
    "portrait": "studying the portrait",
    "restore": "restoring the face",
    "video": "watching the video",
    "motion": "finding the motion",
    "frames": "drawing",
    "finish": "finishing",
    "videos": "making videos",
    "clips": "judging clips",
    "voices": "judging voices",
    "films": "watching videos",
}
_TIMED = ("frames", "videos")  # stages that are long enough to say how long they will take


@contextmanager
def progress_bar() -> Iterator[OnProgress | None]:
    """A listener that draws the reports, or None when standard error is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description:<22}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield _Painter(bar)


class _Painter:
    """Keeps one line for each stage."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, report: Report) -> None:
        if report.stage not in self._tasks:
            label = _LABELS.get(report.stage, report.stage)
            self._tasks[report.stage] = self._bar.add_task(label, total=report.total, speed="")
        task = self._tasks[report.stage]
        self._bar.update(task, total=report.total, completed=report.done, speed=_speed(report))


def _speed(report: Report) -> str:
    if report.stage not in _TIMED or report.eta is None:
        return ""
    minutes, seconds = divmod(round(report.eta), 60)
    left = f"{minutes}:{seconds:02d} left"
    return f"{report.rate:.1f} frames/s, {left}" if report.stage == "frames" else left
