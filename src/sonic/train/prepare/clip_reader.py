"""Pictures at 25 frames a second and the sound that goes with them, out of any video file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonic.clips import SAMPLE_RATE
from sonic.media.footage import frames_at, sound_after
from sonic.motion.space import FRAME_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sonic.media.film import Frame
    from sonic.motion.head import Array


def frames_of(path: Path) -> tuple[Iterator[Frame], float]:
    """RGB frames at 25 a second, repeated or left out to fit, and when the first is shown, seconds."""
    return frames_at(path, FRAME_RATE)


def sound_from(path: Path, start: float) -> Array:
    """Mono sound at 16 kHz from `start` seconds on, silence where it begins later."""
    return sound_after(path, start, SAMPLE_RATE)
