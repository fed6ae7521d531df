"""How often a sync network finds the right shift, by SyncNet's and VocaLiST's protocol."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from sonic.evaluate.lags import peak
from sonic.evaluate.sync import SEARCH, best_shifts, in_context, shift_table
from sonic.motion.sync import WINDOW
from sonic.train.sync.dataset import collate
from sonic.train.sync.losses import seen_windows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from sonic.motion.head import Array
    from sonic.train.sync.network import SyncNetwork
    from sonic.train.sync.views import SyncClip

CONTEXTS = (5, 9, 15)  # frames
_WITHIN = 1  # frame
_LONGEST = 500  # frames of a clip that are looked at


@dataclass(frozen=True)
class Heard:
    """A clip with what a scorer needs to know of it: scores against its own and against another sound.

    Attributes:
        clip: whose face is looked at.
        own: scores [V, S] with its own sound, by view.
        other: scores [V, S'] with other sound of the same person, by view; empty if there is none.
        loud: windows with sound energy, [V].
    """

    clip: SyncClip
    own: dict[str, Array]
    other: dict[str, Array]
    loud: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Hits:
    """How one clip's windows fared.

    Attributes:
        view: "lips", "mouth", "both" or "ridge".
        frames: that each answer is about.
        right: answers within a frame.
        asked: answers in all.
        existing: right answers when only shifts that exist inside the clip take part.
    """

    source: str
    person: str
    view: str
    frames: int
    right: int
    asked: int
    existing: int


def look(
    network: SyncNetwork, clip: SyncClip, heard: SyncClip | None = None, *, limit: int = _LONGEST
) -> dict[str, Array]:
    """Scores of a clip's face with the sound of `heard` (its own if not given), by view, [V, S].

    Those of one view are cosines; "both" is the sum of the views' logits.
    """
    with torch.no_grad():
        batch = collate([clip.stretch("clean", 0, limit, look=True)], min(limit, clip.length("clean")))
        sound = batch.rows if heard is None else torch.from_numpy(heard.stretch("clean", 0, limit).rows)[None]
        windows = network.audio(sound.float())[0]
        cosines = {view: seen[0] @ windows.T for view, seen in seen_windows(network, batch).items()}
        if len(cosines) > 1:
            logits = [network.scale(view) * scores for view, scores in cosines.items()]
            cosines["both"] = torch.stack(logits).sum(0)
    return {view: scores.numpy() for view, scores in cosines.items()}


def listen(
    clips: Sequence[SyncClip], scorer: Callable[[SyncClip, SyncClip], dict[str, Array]]
) -> Iterator[Heard]:
    """Every clip with its own sound, and with that of the same person's next clip where there is one."""
    for index, clip in enumerate(clips):
        group = [
            k for k, each in enumerate(clips) if each.person == clip.person and each.source == clip.source
        ]
        following = clips[group[(group.index(index) + 1) % len(group)]]
        other = scorer(clip, following) if following is not clip else {}
        stretch = clip.stretch("clean", 0, _LONGEST)
        frames = np.lib.stride_tricks.sliding_window_view(stretch.loud, WINDOW)
        yield Heard(clip, scorer(clip, clip), other, frames.mean(1) > 0.5)


def best_view(scores: dict[str, Array]) -> str:
    """All views together where there are several."""
    return "both" if "both" in scores else next(iter(scores))


def hits(heard: Heard, *, whole: bool = True) -> Iterator[Hits]:
    """The right answers of a clip in every view and context.

    `whole` leaves out windows that lack some of the 31 candidates even with the other sound.
    """
    for view, scores in heard.own.items():
        for frames in CONTEXTS:
            own = in_context(shift_table(scores), frames)
            if not len(own):
                continue
            middle = (frames - WINDOW) // 2
            asked = heard.loud[middle : middle + len(own)] & np.isfinite(own[:, SEARCH])
            full = completed(own, heard.other.get(view), frames)
            asked &= np.isfinite(full).all(1) | (not whole)
            if asked.any():
                right, existing = (_right(table[asked]) for table in (full, own))
                clip = heard.clip
                yield Hits(clip.source, clip.person, view, frames, right, int(asked.sum()), existing)


def _right(table: Array) -> int:
    return int((np.abs(best_shifts(table)) <= _WITHIN).sum())


def completed(own: Array, other: Array | None, frames: int) -> Array:
    """A shift table whose missing sound comes from the same person's next clip.

    Clips of a second or two are too short for a shift of 15 frames. Fewer candidates would make them easy, so
    every shift that leaves the clip's sound gets a whole window of other sound of the same person instead.

    Args:
        own: shift table [V, 31] in contexts of `frames` frames, NaN where there is no sound.
        other: scores of single windows with the other sound, [V + frames - 5, S'].
        frames: of the contexts.
    """
    if other is None or np.isfinite(own).all():
        return own
    count = frames - WINDOW + 1
    places = other.shape[1] - count + 1
    if places < 1:
        return own
    start = (np.arange(len(own))[:, None] + np.arange(-SEARCH, SEARCH + 1)) % places
    steps = np.arange(count)
    rows = np.arange(len(own))[:, None, None] + steps
    elsewhere = other[rows, start[..., None] + steps].mean(-1)
    whole: Array = np.where(np.isfinite(own), own, elsewhere)
    return whole


def moved(heard: Heard, frames: int) -> Heard:
    """The same clip with its own sound `frames` frames earlier; what leaves the recording is unknown."""
    return replace(heard, own={view: _earlier(scores, frames) for view, scores in heard.own.items()})


def _earlier(scores: Array, frames: int) -> Array:
    earlier = np.full(scores.shape, np.nan, np.float32)
    kept = slice(max(0, -frames), scores.shape[1] - max(0, frames))
    earlier[:, kept] = scores[:, max(0, frames) : scores.shape[1] + min(0, frames)]
    return earlier


def offset_of(group: Sequence[Heard], fewest: int = 8) -> float:
    """The offset that a group's clips share, sound minus picture, between frames; NaN if they are silent."""
    tables = [shift_table(heard.own[best_view(heard.own)])[: len(heard.loud)][heard.loud] for heard in group]
    return _peak_of(np.concatenate(tables), fewest)


def clip_offset(scores: Array, loud: npt.NDArray[np.bool_], fewest: int = 8) -> float:
    """Sound minus picture of one clip in frames, between frames; NaN if too little of it holds sound."""
    return _peak_of(shift_table(scores)[: len(loud)][loud], fewest)


def _peak_of(table: Array, fewest: int) -> float:
    known = np.isfinite(table)
    count = known.sum(0)
    if count[SEARCH] < fewest:
        return float("nan")
    mean = np.where(known, table, 0).sum(0) / np.maximum(count, 1)
    return peak(np.where(count >= fewest, mean, mean[count >= fewest].min() - 1).astype(np.float32)).frames
