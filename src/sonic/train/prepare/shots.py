"""Tells where one camera shot ends and the next one begins."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_SIDE = 32  # pixels of the small picture that is compared
_COARSE = 4 * _SIDE  # a picture is thinned out to about this first, which costs nothing
_LEAST = 12.0  # difference, 0..255; a close-up face that nods reaches 8
_OUTSTANDING = 5.0  # times the usual difference: a moving camera changes every frame, a cut only one
_CERTAIN = 40.0  # whatever came before
_MEMORY = 12  # frames


class CutDetector:
    """Compares small colour pictures of neighbouring frames; a difference that stands out is a cut."""

    def __init__(self) -> None:
        self._last: npt.NDArray[np.float32] | None = None
        self._usual: deque[float] = deque(maxlen=_MEMORY)

    def is_cut(self, frame: npt.NDArray[np.uint8]) -> bool:
        """Whether the next RGB frame [H, W, 3] starts a new shot; the first frame of a video does not."""
        small, last = _small(frame), self._last
        self._last = small
        if last is None:
            return False
        # Whatever moves leaves half of the picture nearly as it was; a cut changes nearly all of it.
        difference = float(np.median(np.abs(small - last).mean(2)))
        cut = self._stands_out(difference)
        if cut:
            self._usual.clear()
        else:
            self._usual.append(difference)
        return cut

    def _stands_out(self, difference: float) -> bool:
        if difference > _CERTAIN:
            return True
        usual = float(np.median(self._usual)) if self._usual else _LEAST
        return difference > max(_LEAST, _OUTSTANDING * usual)


def _small(frame: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    thinned = frame[:: max(1, frame.shape[0] // _COARSE), :: max(1, frame.shape[1] // _COARSE)]
    return cv2.resize(thinned, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
