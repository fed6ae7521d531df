"""Which clips are in time with their sound, by how much the others are off, and which do not match at all."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sonic.evaluate.lags import Offset, lag_curve
from sonic.motion.probe import LipProbe, frames_of
from sonic.motion.space import MotionSpace
from sonic.train.prepare.offsets import shared_offsets
from sonic.train.prepare.ridge import Whitening, fit_ridge, fit_whitening

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sonic.motion.head import Array
    from sonic.train.prepare.stages import PreparedClip

logger = logging.getLogger(__name__)

ROUNDS = 5  # the probe and the offsets settle after about three
LOWEST_SHARED = 0.2  # correlation; a short clip of a source that is in time as a whole
LOWEST_OWN = 0.35  # correlation; a clip that found its offset by itself
LARGEST_OFFSET = 7.0  # frames
_FEWEST_FRAMES = 20


class _Clip:
    """A clip's speech features at 50 Hz and its mouth, with the current guess of its offset."""

    def __init__(self, row: PreparedClip, folder: Path, usual: Array) -> None:
        self.row = row
        self.usual = usual
        with np.load(folder / "features" / f"{row.name}.npz") as file:
            self.features = file["clean"].astype(np.float32)
        with np.load(folder / "motion" / f"{row.name}.npz") as file:
            self.mouth = file["mouth"]

    def aligned(self) -> tuple[Array, Array, float]:
        """Features at 25 Hz, mouth readings around the usual ones, weight."""
        frames = frames_of(self.features, self.row.offset)[self.row.start :][: self.row.frames]
        mouth = self.mouth[: len(frames)]
        return frames, mouth - mouth.mean(0) + self.usual, 1.0

    def curve(self, probe: LipProbe) -> Array:
        """Correlation of the heard with the seen lip opening at every lag."""
        heard = probe.predict(self.features)[self.row.start :, 0]
        return lag_curve(heard, self.mouth[:, 0])


def time_clips(rows: Sequence[PreparedClip], folder: Path) -> list[PreparedClip]:
    """Rows with offset, correlation, `kept` and `reason` filled in; writes the probe.

    Every recording set-up has one vote on what in time means: their median offset becomes zero.
    """
    space = MotionSpace.load(folder / "space.safetensors")
    # The probe learns movement, not whose mouth it is: every clip moves about the average of all.
    usual = space.mean[space.groups["mouth"]] @ space.mouth_readout()
    clips = [_Clip(row, folder, usual) for row in rows if not row.reason]
    whitening = fit_whitening([clip.features for clip in clips if clip.row.split == "train"])
    for clip in clips:
        clip.row = replace(clip.row, kept=True)
    for _ in range(ROUNDS):
        _retime(clips, _fit(clips, whitening))
    _fit(clips, whitening).save(folder / "probe.safetensors")
    timed = {clip.row.name: clip.row for clip in clips}
    return [timed.get(row.name, row) for row in rows]


def _fit(clips: Sequence[_Clip], whitening: Whitening) -> LipProbe:
    usable = (clip.aligned() for clip in clips if clip.row.kept and clip.row.split == "train")
    return fit_ridge((item for item in usable if len(item[0]) >= _FEWEST_FRAMES), whitening)


def _retime(clips: Sequence[_Clip], probe: LipProbe) -> None:
    votes: list[float] = []
    for source in sorted({clip.row.source for clip in clips}):
        members = [clip for clip in clips if clip.row.source == source]
        offsets = shared_offsets(
            [clip.curve(probe) for clip in members], [clip.row.frames for clip in members]
        )
        shared = len({offset.frames for offset in offsets if offset}) == 1
        for clip, offset in zip(members, offsets, strict=True):
            clip.row = judged(clip.row, offset, LOWEST_SHARED if shared else LOWEST_OWN)
        kept = [clip.row.offset for clip in members if clip.row.kept]
        votes += kept[:1] if shared else kept
    middle = float(np.median(votes)) if votes else 0.0
    logger.info("%d votes, offset %.2f frames taken as zero", len(votes), middle)
    for clip in clips:
        clip.row = replace(clip.row, offset=clip.row.offset - middle)


def judged(row: PreparedClip, offset: Offset | None, lowest: float) -> PreparedClip:
    """The row with its offset and the verdict that follows from it."""
    if offset is None:
        return replace(row, kept=False, reason="too short to find its offset")
    kept = offset.correlation > lowest and abs(offset.frames) < LARGEST_OFFSET
    reason = "" if kept else "sound and lips do not match"
    return replace(row, kept=kept, reason=reason, offset=offset.frames, correlation=offset.correlation)
