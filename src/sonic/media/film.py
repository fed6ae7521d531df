"""What every writer needs to know about a video before its first frame."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from sonic.media.audio import AudioSource

    Frame: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Film:
    """Size in pixels, frames a second, exact number of frames, sound, and where it all came from.

    The sound is cut or filled up with silence to exactly the length of the picture. `sources` are the files
    that it is made from: they are never replaced. `label` says to machines that it is synthetic, as the JSON
    that GB 45438-2025 describes; a file holds it once.
    """

    size: tuple[int, int]
    fps: float
    frame_count: int
    audio: AudioSource
    provenance: dict[str, Any]
    sources: tuple[Path, ...] = ()
    label: str | None = None

    @property
    def rate(self) -> Fraction:
        """Frames a second as a ratio that containers can store."""
        return Fraction(self.fps).limit_denominator(1001)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return float(self.frame_count / self.rate)


class Sink(Protocol):
    """Takes frames in order, uint8 RGB `[H, W, 3]`, and writes them to a file."""

    def write(self, frame: Frame) -> None:
        """Add one frame."""

    def finish(self) -> None:
        """Write what is left and close the file."""

    def discard(self) -> None:
        """Close the file; it will be deleted."""
