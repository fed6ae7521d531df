"""Where nobody speaks: there the mouth comes to rest, whatever hums or hisses in the room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.motion.easing import ramp

if TYPE_CHECKING:
    from sonic.motion.head import Array

_REACH = 8  # frames; a pause is silent for twice as long
_SILENT, _SPOKEN = 0.055, 0.075  # IOD; lip opening that a probe hears in noise, and in the faintest speech
_EASE = 4  # frames on either side over which the mouth comes to rest and leaves it


def speaking(heard: Array) -> Array:
    """How much anybody speaks around each frame, 0..1, [T], from the lip opening that a probe hears, [T]."""
    padded = np.pad(heard, _REACH, mode="edge")
    loudest = np.lib.stride_tricks.sliding_window_view(padded, 2 * _REACH + 1).max(1)
    share = np.pad(ramp(loudest, _SILENT, _SPOKEN), _EASE, mode="edge")
    eased: Array = np.lib.stride_tricks.sliding_window_view(share, 2 * _EASE + 1).mean(1)
    return eased
