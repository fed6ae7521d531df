"""Head and lids of another performance in place of those that were made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sonic.motion.head import Array
    from sonic.motion.space import MotionSpace


class Borrowed:
    """Puts borrowed head movement and lids in place of made ones, to and fro if the talk lasts longer.

    Args:
        motion: motion vectors [T, dim] of the other person.
        space: meaning of the vectors.
    """

    def __init__(self, motion: Array, space: MotionSpace) -> None:
        self._parts = [space.groups[name] for name in ("head", "lids")]
        self._loop = np.concatenate([motion, motion[-2:0:-1]])
        self._position = 0

    def on(self, block: Array) -> Array:
        """The next block of motion vectors [n, dim]."""
        rows = np.arange(self._position, self._position + len(block)) % len(self._loop)
        changed = block.copy()
        for part in self._parts:
            changed[:, part] = self._loop[rows, part]
        self._position += len(block)
        return changed
