"""Series between their samples: linear where a reading is enough, cubic where frames are made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sonic.motion.head import Array


def resample(chunks: Iterable[Array], source: float, target: float, count: int) -> Iterator[Array]:
    """Exactly `count` vectors `[n, D]` at `target` Hz from chunks at `source` Hz, cubic in between.

    Vector k stands for the time k / rate at both rates; the last source vector is held beyond its end.
    """
    step = source / target
    buffer: Array | None = None
    first = 0  # index of the buffer's first row in the source
    made = 0
    for chunk in chunks:
        if not len(chunk):
            continue
        buffer = chunk if buffer is None else np.concatenate([buffer, chunk])
        # Two later rows are needed for the cubic between two rows.
        ready = min(count, int(np.ceil((first + len(buffer) - 2) / step)))
        if ready > made:
            yield cubic(buffer, np.arange(made, ready) * step - first)
            made = ready
            spent = max(0, int(made * step) - 1 - first)
            buffer, first = buffer[spent:], first + spent
    if made < count and buffer is not None:
        yield cubic(buffer, np.arange(made, count) * step - first)


def cubic(rows: Array, positions: Array) -> Array:
    """Catmull-Rom between rows `[n, D]` at fractional positions `[m]`; the ends are held."""
    positions = np.clip(positions, 0, len(rows) - 1)
    before = np.floor(positions).astype(np.int64)
    share = (positions - before).astype(np.float32)[:, None]
    a, b, c, d = (rows[np.clip(before + offset, 0, len(rows) - 1)] for offset in (-1, 0, 1, 2))
    slope, next_slope = (c - a) / 2, (d - b) / 2
    square, cube = 3 * (c - b) - 2 * slope - next_slope, 2 * (b - c) + slope + next_slope
    return np.asarray(b + share * (slope + share * (square + share * cube)), np.float32)


def interpolate(series: Array, times: Array) -> Array:
    """Rows of a series [n, D] at fractional indices [m], linear, held at both ends, [m, D]."""
    times = np.clip(times, 0, len(series) - 1)
    before = np.floor(times).astype(np.int64)
    after = np.minimum(before + 1, len(series) - 1)
    share = (times - before).astype(np.float32)[:, None]
    mixed: Array = series[before] * (1 - share) + series[after] * share
    return mixed


def fill_gaps(tracks: Sequence[Array | None]) -> Array:
    """Arrays of one shape with the missing ones between their neighbours, the ends held, [T, ...].

    At least one must be there.
    """
    found = np.flatnonzero([track is not None for track in tracks])
    known = np.stack([track for track in tracks if track is not None])
    places = np.interp(np.arange(len(tracks)), found, np.arange(len(known)))
    return interpolate(known.reshape(len(known), -1), places).reshape(len(tracks), *known.shape[1:])
