"""Follows the face through a running video: gaps are bridged, tremble is calmed, the rest is left alone."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonic.face.landmarks import FaceTracker, face_width
from sonic.face.pose import head_angles
from sonic.motion.resample import fill_gaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TypeAlias

    from sonic.media.film import Frame
    from sonic.motion.head import Array

    Tracked: TypeAlias = tuple[Frame, Array | None]

REACH = 5  # frames that are looked at on either side
YAW_FROM, YAW_TO = 40.0, 50.0  # degrees between which the filmed mouth comes back: half of it is hidden
_CALM: Array = np.array([1, 2, 1], np.float32)
_CUT = 0.4  # face widths; nobody moves that far in a frame


@dataclass(frozen=True)
class Seen:
    """One frame of a video.

    Attributes:
        frame: as it was filmed, uint8 RGB [H, W, 3].
        landmarks: of its face, [478, 3] pixels; None where there is none.
        share: how far the mouth can be redrawn, 0..1; less around frames without a face.
    """

    frame: Frame
    landmarks: Array | None
    share: float


def followed(frames: Iterable[Frame]) -> Iterator[Seen]:
    """Every frame with its face, a few frames late."""
    tracker = FaceTracker()
    tracked = ((frame, tracker.track(frame)[0]) for frame in frames)
    bridged = ((around[at][0], _bridge(_same_shot(around, at), at)) for around, at in _windows(tracked))
    for around, at in _windows(bridged):
        tracks = _same_shot(around, at)
        yield Seen(around[at][0], _calm(tracks, at), _share(tracks, at))


def _windows(items: Iterable[Tracked]) -> Iterator[tuple[list[Tracked], int]]:
    """Each item among its neighbours, up to `REACH` on either side, and its place there."""
    held: deque[Tracked] = deque(maxlen=2 * REACH + 1)
    for number, item in enumerate(items):
        held.append(item)
        if number >= REACH:
            yield list(held), len(held) - 1 - REACH
    for place in range(max(0, len(held) - REACH), len(held)):
        yield list(held)[max(0, place - REACH) :], min(place, REACH)


def _same_shot(around: Sequence[Tracked], at: int) -> list[Array | None]:
    """The faces around frame `at`; beyond a cut the last one before it stays."""
    tracks = [landmarks for _, landmarks in around]
    return [*reversed(_until_cut(tracks[at::-1])[1:]), *_until_cut(tracks[at:])]


def _until_cut(tracks: list[Array | None]) -> list[Array | None]:
    """The tracks up to where a face jumps; from there on the last one again, as if it had stayed."""
    last = None
    kept: list[Array | None] = []
    for now in tracks:
        if last is not None and now is not None and _jumped(last, now):
            return kept + [kept[-1]] * (len(tracks) - len(kept))
        kept.append(now)
        last = now if now is not None else last
    return kept


def _jumped(before: Array, after: Array) -> bool:
    moved = np.linalg.norm((after - before)[:, :2].mean(0))
    return bool(moved > _CUT * face_width(before))


def _bridge(tracks: Sequence[Array | None], at: int) -> Array | None:
    """The face of frame `at`, between its neighbours where it was lost for a moment."""
    seen = [track is not None for track in tracks]
    if not (any(seen[: at + 1]) and any(seen[at:])):
        return None
    bridged: Array = fill_gaps(tracks)[at]
    return bridged


def _calm(tracks: Sequence[Array | None], at: int) -> Array | None:
    """The face of frame `at` without the tracker's tremble."""
    if tracks[at] is None:
        return None
    whole = fill_gaps(tracks)
    around = whole[np.clip([at - 1, at, at + 1], 0, len(whole) - 1)]
    return np.tensordot(_CALM / _CALM.sum(), around, 1).astype(np.float32)


def _share(tracks: Sequence[Array | None], at: int) -> float:
    """1 where the face is there before and after, and not turned away; falls to 0 where it is neither."""
    return min(max(abs(other - at) / (REACH + 1), _visible(track)) for other, track in enumerate(tracks))


def _visible(landmarks: Array | None) -> float:
    if landmarks is None:
        return 0.0
    turned = (abs(head_angles(landmarks).yaw) - YAW_FROM) / (YAW_TO - YAW_FROM)
    return 1 - float(np.clip(turned, 0, 1))
