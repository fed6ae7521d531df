"""What a person may ask of finished motion: more or less of it, calmer, in time, with or without blinks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonic.motion.blinks import Blinks
from sonic.motion.borrow import Borrowed
from sonic.motion.easing import ramp
from sonic.motion.smoothing import ZERO_PHASE, smoothed
from sonic.motion.stream import with_neighbours
from sonic.motion.timing import LipTiming

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sonic.motion.head import Array
    from sonic.motion.space import MotionSpace
    from sonic.motion.stream import MadeBlock
    from sonic.motion.sync import SyncTowers

_BLINK_FROM, _BLINK_TO = 0.3, 0.6  # closure between which a lid's movement counts as a blink
_EYES_TOGETHER = 0.5  # closure beyond which both lids close alike
_NARROWEST = 0.3  # closure left to eyes that may not blink
_SHUT = 0.01  # IOD; a mouth that comes this close to closing, closes
# What the probe says of frames that are no closure, and how fast the share of the openings around it, down
# to which an opening counts as a closure, grows beyond that.
_UNHEARD, _SURENESS = 0.2, 4.0
_DEEPEST_DIP = 0.09  # IOD; a mouth still as open as this was never about to close
_DIP_EASE = 1.6  # times the opening that closes, from which on it is left alone
_DIP_REACH = 4  # frames; a syllable on either side
_IRIS_TRAVEL = 0.4  # eye widths for a radian: an eyeball's radius of 12 mm in a lid opening of 30 mm
_RESTLESS = 0.35  # share of their own wandering that is left to eyes on the camera


@dataclass(frozen=True)
class Controls:
    """How motion is to be changed; the defaults leave its size alone.

    Attributes:
        dynamic_scale: size of the mouth's movement around its closed rest.
        motion_scale: size of everything else: brows, gaze, head, lids between blinks.
        blink: whether eyes blink.
        eyes: size of what lids and gaze do; 0 behind sunglasses.
        brows: size of what brows do, on top of `motion_scale`; less behind frames of glasses.
        smoothing: the filter that takes out tremor, one of `sonic.motion.smoothing.FILTERS`; none if None.
        lip_sync: find and remove what is left of a lag, and close lips that nearly close.
        head_scale: size of the head's movement, on top of motion_scale.
        gaze: "natural" as made, "camera" for eyes that stay on the viewer while the head turns, "still".
        blink_rate: blinks a minute in place of those that were made; as made if None.
        seed: of the blinks.
        borrowed: motion vectors [T, dim] of somebody else, whose head and lids are taken.
    """

    dynamic_scale: float = 1.0
    motion_scale: float = 1.0
    blink: bool = True
    eyes: float = 1.0
    brows: float = 1.0
    smoothing: str | None = ZERO_PHASE
    lip_sync: bool = True
    head_scale: float = 1.0
    gaze: str = "natural"
    blink_rate: float | None = None
    seed: int = 0
    borrowed: Array | None = None


def apply(
    blocks: Iterable[MadeBlock], controls: Controls, space: MotionSpace, towers: SyncTowers | None = None
) -> Iterator[Array]:
    """Change a stream of motion vectors at 25 Hz; as many frames come out as go in.

    Args:
        blocks: motion and the sound that it was made for.
        controls: what to change.
        space: meaning of the vectors.
        towers: what measures the lag that `controls.lip_sync` removes; without them it closes lips only.
    """
    # How sure the probe is of a closure rides along as one more number, so that it stays beside its frame.
    rows = ((np.column_stack([block.motion, block.closing]), block.speech) for block in blocks)
    motion: Iterator[Array] = (block for block, _ in rows)
    if controls.lip_sync and towers is not None:
        motion = LipTiming(space, towers).correct(rows)
    if controls.smoothing is not None:
        motion = smoothed(motion, controls.smoothing, space)
    if controls.lip_sync:
        motion = with_neighbours(motion, _DIP_REACH, lambda block: close_lips(block, space))
    motion = (block[:, : space.dim] for block in motion)
    if controls.borrowed is not None:
        motion = map(Borrowed(controls.borrowed, space).on, motion)
    rate = controls.blink_rate if controls.blink and controls.eyes else None
    blinks = Blinks(rate, controls.seed) if rate else None
    for block in motion:
        scaled = look(scale(block, controls, space), controls, space)
        if blinks is not None:
            lids = scaled[:, space.groups["lids"]]
            np.maximum(lids, blinks.closure(len(block))[:, None], out=lids)
        yield scaled


def scale(motion: Array, controls: Controls, space: MotionSpace) -> Array:
    """Motion vectors [T, dim] with mouth, everything else and blinks made larger or smaller."""
    groups, scaled = space.groups, motion.copy()
    scaled[:, groups["mouth"]] *= controls.dynamic_scale
    for name in ("brows", "gaze", "head"):
        scaled[:, groups[name]] *= controls.motion_scale
    scaled[:, groups["head"]] *= controls.head_scale
    scaled[:, groups["brows"]] *= controls.brows
    scaled[:, groups["gaze"]] *= controls.eyes
    scaled[:, groups["lids"]] = controls.eyes * scale_lids(motion[:, groups["lids"]], controls)
    return scaled


def scale_lids(lids: Array, controls: Controls) -> Array:
    """Lid closures [T, 2]: blinks stay whole or go, what lies between them is scaled."""
    both = lids.max(1, keepdims=True)
    together = ramp(both, _EYES_TOGETHER - 0.2, _EYES_TOGETHER)
    lids = lids * (1 - together) + both * together
    blinking = ramp(lids, _BLINK_FROM, _BLINK_TO)
    between = lids * (1 - blinking) * controls.motion_scale
    if not controls.blink or controls.blink_rate is not None:
        narrow: Array = np.minimum(between, _NARROWEST)
        return narrow
    return between + blinking * lids


def look(motion: Array, controls: Controls, space: MotionSpace) -> Array:
    """Motion vectors [T, dim] whose eyes look where they are asked to."""
    if controls.gaze == "natural" or not controls.eyes:
        return motion
    looking = motion.copy()
    gaze, head = space.groups["gaze"], space.groups["head"]
    looking[:, gaze] *= _RESTLESS if controls.gaze == "camera" else 0
    if controls.gaze == "camera":
        # A positive turn about y carries the nose to the left, one about x carries it down.
        looking[:, gaze] += _IRIS_TRAVEL * motion[:, head][:, [1, 0]] * np.array([1, -1], np.float32)
    return looking


def close_lips(rows: Array, space: MotionSpace) -> Array:
    """Motion whose lips meet where they nearly do and should, by the smallest change.

    Lips meet for two or three frames in m, b and p. What a model makes of that is the average over moments
    it cannot tell apart, so they come down and turn back too early. The probe hears better that they meet
    than when: the surer it is, the shallower a dip between two openings counts as a closure.

    Args:
        rows: motion vectors and how sure the probe is that the lips meet, [T, dim + 1].
        space: meaning of the vectors.
    """
    opening = space.opening(rows)
    dip = np.clip(_SURENESS * (rows[:, space.dim] - _UNHEARD), 0, 1)
    meant = np.clip(dip * lower_shoulder(opening, _DIP_REACH), _SHUT, _DEEPEST_DIP)
    return scale_opening(rows, ramp(opening / meant, 1.0, _DIP_EASE), space)


def lower_shoulder(values: Array, reach: int) -> Array:
    """The lower of the peaks within `reach` frames before and after each frame, [T]."""
    padded = np.pad(values, reach, mode="edge")
    peaks = np.lib.stride_tricks.sliding_window_view(padded, reach + 1).max(1)
    lower: Array = np.minimum(peaks[: len(values)], peaks[reach:])
    return lower


def scale_opening(motion: Array, share: Array, space: MotionSpace) -> Array:
    """Motion vectors [T, dim] whose lips open `share` [T] as far, by the smallest change that does it."""
    excess = space.opening(motion) * (1 - share)
    scaled = motion.copy()
    scaled[:, space.groups["mouth"]] -= excess[:, None] * space.opening_direction()
    return scaled
