"""What a training run writes for people: curves, pictures, and one line that says how long it will take."""

from __future__ import annotations

import csv
import sys
import time
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np

_QUIET_SECONDS = 60.0  # between two lines where the line cannot be written over


class RunLog:
    """TensorBoard curves in `logs/`, the same as `losses.csv`, and `pictures/STEP-name.png`.

    A run that goes on at a step drops what was written after that step, so nothing appears twice.
    """

    def __init__(self, folder: Path, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.curves = SummaryWriter(str(folder / "logs"), purge_step=step + 1)
        self.table = folder / "losses.csv"
        rows = [row for row in read_losses(self.table) if row["step"] <= step]
        self._rewrite(rows)

    def losses(self, step: int, values: dict[str, float]) -> None:
        """Add the losses of a step; every step has the same names."""
        for name, value in values.items():
            self.curves.add_scalar(name if "/" in name else f"loss/{name}", value, step)
        new = self.table.stat().st_size == 0
        with self.table.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerows([["step", *values]] if new else [])
            writer.writerow([step, *(f"{value:.7g}" for value in values.values())])

    def curve(self, step: int, values: dict[str, float]) -> None:
        """Add values that are about the run, for TensorBoard only."""
        for name, value in values.items():
            self.curves.add_scalar(f"run/{name}", value, step)

    def pictures(self, step: int, pictures: Iterable[tuple[str, np.ndarray]]) -> None:
        """Add named uint8 RGB pictures [H, W, 3]."""
        folder = self.folder / "pictures"
        for name, picture in pictures:
            folder.mkdir(exist_ok=True)
            self.curves.add_image(name, picture, step, dataformats="HWC")
            partial = folder / "picture.partial"
            Image.fromarray(picture).save(partial, format="PNG")
            partial.replace(folder / f"{step:07d}-{name}.png")

    def close(self) -> None:
        """Write what is still held back."""
        self.curves.close()

    def _rewrite(self, rows: list[dict[str, float]]) -> None:
        partial = self.table.with_suffix(".partial")
        with partial.open("w", encoding="utf-8", newline="") as file:
            if rows:
                writer = csv.writer(file)
                writer.writerow(rows[0])
                writer.writerows([int(row["step"]), *list(row.values())[1:]] for row in rows)
        partial.replace(self.table)


def read_losses(table: Path) -> list[dict[str, float]]:
    """The rows of a run's `losses.csv`, none before there is one."""
    if not table.exists():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


class ProgressLine:
    """One line on stderr: the step, the loss, the speed and the time left."""

    def __init__(self, name: str, first: int, last: int) -> None:
        self.name, self.first, self.last = name, first, last
        self.started = self.written = time.monotonic()

    def speed(self, step: int) -> float:
        """Steps a second since the run began or went on."""
        return (step - self.first) / max(1e-6, time.monotonic() - self.started)

    def show(self, step: int, loss: float) -> None:
        """Write the line over itself, or once a minute where stderr is a file."""
        over = sys.stderr.isatty()
        now = time.monotonic()
        if not over and now - self.written < _QUIET_SECONDS and step < self.last:
            return
        self.written = now
        text = f"{self.name} {step}/{self.last}, loss {loss:.4f}, {self._remaining(step)} left"
        sys.stderr.write(f"\r\x1b[K{text}" + "\n" * (step >= self.last) if over else f"{text}\n")
        sys.stderr.flush()

    def _remaining(self, step: int) -> str:
        seconds = round((self.last - step) / max(1e-6, self.speed(step)))
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
