"""Which clips are in time with their sound, by how much the others are off, and which do not match at all."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sonic.errors import InputError
from sonic.evaluate.lags import Offset, lag_curve
from sonic.motion.probe import LipProbe, frames_of
from sonic.motion.space import MotionSpace
from sonic.train.prepare.offsets import own_offsets, shared_offsets, source_offset
from sonic.train.prepare.ridge import Whitening, fit_ridge, fit_whitening
from sonic.train.prepare.verdicts import one_speaker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sonic.motion.head import Array
    from sonic.train.prepare.index import PreparedClip
    from sonic.train.prepare.settings import PrepareSettings

logger = logging.getLogger(__name__)

ROUNDS = 5  # the probe and the offsets settle after about three
_FEWEST_FRAMES = 20
_CLOSED = 0.02  # IOD; a lip opening that is a closure


class _Clip:
    """A clip's speech features at 50 Hz and its mouth, with the current guess of its offset."""

    def __init__(self, row: PreparedClip, folder: Path, space: MotionSpace) -> None:
        self.row = row
        # The probe learns movement, not whose mouth it is: every clip moves about the average of all.
        self.usual = space.mean[space.groups["mouth"]] @ space.mouth_readout()
        with np.load(folder / "features" / f"{row.name}.npz") as file:
            self.features = file["clean"].astype(np.float32)
        with np.load(folder / "clips" / f"{row.name}.npz") as file:
            self.mouth = file["mouth"]
            self.closed = space.opening(file["motion"]) < _CLOSED

    def aligned(self) -> tuple[Array, Array, float]:
        """Features at 25 Hz, mouth readings around the usual ones and whether the lips meet, weight."""
        frames = frames_of(self.features, self.row.offset)[self.row.lead :][: self.row.frames]
        mouth = self.mouth[: len(frames)]
        closed = self.closed[: len(frames), None]
        return frames, np.concatenate([mouth - mouth.mean(0) + self.usual, closed], axis=1), 1.0

    def curve(self, probe: LipProbe) -> Array:
        """Correlation of the heard with the seen lip opening at every lag."""
        heard = probe.predict(self.features)[self.row.lead :, 0]
        return lag_curve(heard, self.mouth[:, 0])


def time_clips(rows: Sequence[PreparedClip], folder: Path, settings: PrepareSettings) -> list[PreparedClip]:
    """Rows with offset, correlation, `kept` and `reason` filled in; writes the probe.

    Every recording set-up has one vote on what in time means: their median offset becomes zero. Of faces seen
    together, the one is kept whose lips follow the sound best.

    Raises:
        InputError: no clip of the train split has lips that follow its sound.
    """
    space = MotionSpace.load(folder / "space.safetensors")
    clips = [_Clip(row, folder, space) for row in rows if not row.reason]
    whitening = fit_whitening([clip.features for clip in clips if clip.row.split == "train"])
    first = [replace(clip.row, kept=True) for clip in clips]
    _set_rows(clips, one_speaker(first, lambda row: row.measures["following"]))
    for _ in range(ROUNDS):
        _retime(clips, _fit(clips, whitening), settings)
    _fit(clips, whitening).save(folder / "probe.safetensors")
    timed = {clip.row.name: clip.row for clip in clips}
    return [timed.get(row.name, row) for row in rows]


def _set_rows(clips: Sequence[_Clip], rows: Sequence[PreparedClip]) -> None:
    for clip, row in zip(clips, rows, strict=True):
        clip.row = row


def _fit(clips: Sequence[_Clip], whitening: Whitening) -> LipProbe:
    usable = [clip for clip in clips if clip.row.kept and clip.row.split == "train"]
    items = [item for item in (clip.aligned() for clip in usable) if len(item[0]) >= _FEWEST_FRAMES]
    if not items:
        raise InputError(
            "The lips of no training clip follow its sound; check that the videos show the speaker."
        )
    return fit_ridge(items, whitening)


def _retime(clips: Sequence[_Clip], probe: LipProbe, settings: PrepareSettings) -> None:
    votes: list[float] = []
    for source in sorted({clip.row.source for clip in clips}):
        members = [clip for clip in clips if clip.row.source == source]
        votes += _retime_source(members, probe, settings)
    middle = float(np.median(votes)) if votes else 0.0
    logger.info("%d votes, offset %.2f frames taken as zero", len(votes), middle)
    moved = [replace(clip.row, offset=clip.row.offset - middle) for clip in clips]
    _set_rows(clips, one_speaker(moved, lambda row: row.correlation))


def _retime_source(members: Sequence[_Clip], probe: LipProbe, settings: PrepareSettings) -> list[float]:
    """Judge the clips of one source; returns the votes of its recording set-ups."""
    curves = [clip.curve(probe) for clip in members]
    lengths = [clip.row.frames for clip in members]
    shared = source_offset(curves, lengths)
    offsets: Sequence[Offset | None] = own_offsets(curves, lengths)
    if shared is not None:
        offsets = shared_offsets(curves, [clip.row.person for clip in members], shared)
    lowest = settings.own_correlation if shared is None else settings.shared_correlation
    for clip, offset in zip(members, offsets, strict=True):
        clip.row = judged(clip.row, offset, lowest, settings.largest_offset)
    return [clip.row.offset for clip in members if clip.row.kept] if shared is None else [shared]


def judged(row: PreparedClip, offset: Offset | None, lowest: float, largest: float) -> PreparedClip:
    """The row with its offset and the verdict that follows from it."""
    if offset is None:
        return replace(row, kept=False, reason="too short to find its offset")
    kept = offset.correlation > lowest and abs(offset.frames) < largest
    reason = "" if kept else "sound and lips do not match"
    return replace(row, kept=kept, reason=reason, offset=offset.frames, correlation=offset.correlation)
