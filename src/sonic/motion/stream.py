"""Motion as it comes, block by block, and work on it that looks beyond a block's ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sonic.motion.head import Array


@dataclass(frozen=True)
class MadeBlock:
    """Motion beside the sound that it was made for.

    Attributes:
        motion: motion vectors at 25 Hz, [n, dim].
        closing: how sure a probe is that lips meet in the sound of the same frames, about 0..1, [n].
        speech: speech features of the same frames at 50 Hz, [2 n, F].
    """

    motion: Array
    closing: Array
    speech: Array


def with_neighbours(blocks: Iterable[Array], reach: int, change: Callable[[Array], Array]) -> Iterator[Array]:
    """Blocks [n, dim] changed by a function that looks `reach` frames to either side, as if they were one."""
    held: Array | None = None
    past = 0  # rows of `held` that are already out
    for block in blocks:
        held = block if held is None else np.concatenate([held, block])
        ready = len(held) - reach
        if ready > past:
            yield change(held)[past:ready]
            kept = max(0, ready - reach)
            held, past = held[kept:], ready - kept
    if held is not None and len(held) > past:
        yield change(held)[past:]
