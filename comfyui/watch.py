"""Shows progress and a live picture on the node, and stops the work when ComfyUI is told to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from comfy import model_management
from comfy.utils import ProgressBar
from PIL import Image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sonic import Progress

UNITS = 1000  # of the bar, a video
PREVIEW_SECONDS = 0.5  # between two live pictures
PREVIEW_SIDE = 512  # pixels


class Watch:
    """One bar for all videos of a run; pass `progress` and `frame` on to whatever makes them."""

    def __init__(self, videos: int) -> None:
        self._bar = ProgressBar(videos * UNITS)
        self._finished = 0
        self._last_preview = time.monotonic()
        self._frame: NDArray[np.uint8] | None = None

    def next_video(self) -> None:
        """One video is complete."""
        self._finished += 1

    def frame(self, frame: NDArray[np.uint8]) -> None:
        """Keep the latest frame, uint8 RGB `[H, W, 3]`, for the next picture."""
        self._frame = frame

    def progress(self, progress: Progress) -> None:
        """Move the bar, and raise ComfyUI's own exception if the run was interrupted."""
        model_management.throw_exception_if_processing_interrupted()
        if progress.stage == "frames" and progress.total:
            done = UNITS * self._finished + UNITS * progress.done // progress.total
            self._bar.update_absolute(done, preview=self._preview())

    def _preview(self) -> tuple[str, Image.Image, int] | None:
        now = time.monotonic()
        if self._frame is None or now - self._last_preview < PREVIEW_SECONDS:
            return None
        self._last_preview = now
        return "JPEG", Image.fromarray(self._frame), PREVIEW_SIDE
