"""Frames of a video that goes on as long as they are asked for: to its end, back, and to its end again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonic.media.footage import frames_at, frames_from

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sonic.media.film import Frame

_HELD = 64_000_000  # bytes of frames that are held at once while the video runs backwards


def to_and_fro(path: Path, rate: float) -> Iterator[Frame]:
    """RGB frames `[H, W, 3]` at `rate` a second without end; the first and the last are not shown twice."""
    count = 0
    frames, first = frames_at(path, rate)
    for frame in frames:
        yield frame
        count += 1
    while True:
        yield from _backwards(path, rate, first, count, frame)
        yield from frames_from(path, rate, first, min(1, count - 1))


def _backwards(path: Path, rate: float, first: float, count: int, example: Frame) -> Iterator[Frame]:
    """The frames before the last one, from there to the first, read in short stretches."""
    length = max(8, _HELD // example.nbytes)
    if count == 1:
        yield example
    for stop in range(count - 1, 0, -length):
        start = max(0, stop - length)
        stretch = frames_from(path, rate, first, start)
        yield from reversed([next(stretch) for _ in range(start, stop)])
