"""Whether motion sampled from an exported model is the motion of the same model in full precision."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonic.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonic.clips import Clip
    from sonic.motion.head import Array
    from sonic.motion.sampler import MotionSampler

LEAST_CORRELATION = 0.99  # of lip opening, in the median clip
_CLIPS, _LONGEST, _STEPS = 8, 250, 12


@dataclass(frozen=True)
class SampledParity:
    """Two precisions on the same speech, with the same noise.

    Attributes:
        correlation: of their lip openings, in the median clip.
        speed: how many times as fast the first is.
    """

    correlation: float
    speed: float


def compare_sampled(model: MotionSampler, reference: MotionSampler, clips: Sequence[Clip]) -> SampledParity:
    """Sample motion for the longest clips from a model and from the same model in full precision.

    Raises:
        ExportError: the lips move otherwise.
    """
    longest = sorted(clips, key=lambda clip: -len(clip.motion))[:_CLIPS]
    made, seconds = _openings(model, longest)
    expected, reference_seconds = _openings(reference, longest)
    correlations = [float(np.corrcoef(one, other)[0, 1]) for one, other in zip(made, expected, strict=True)]
    correlation = float(np.median(correlations))
    if correlation < LEAST_CORRELATION:
        raise ExportError(
            f"Lips sampled in this precision follow those in fp32 with a correlation of {correlation:.3f}, "
            f"less than {LEAST_CORRELATION}; export with a higher --precision."
        )
    return SampledParity(correlation, reference_seconds / seconds)


def _openings(model: MotionSampler, clips: Sequence[Clip]) -> tuple[list[Array], float]:
    """Lip openings of one sample for each clip, and the processor's seconds for all of them."""
    started = time.process_time()
    openings = []
    for clip in clips:
        features, truth = clip.window("clean", 0, _LONGEST)
        motion = np.concatenate(list(model.stream([features], frames=len(truth), seed=0, steps=_STEPS)))
        openings.append(model.space.opening(motion))
    return openings, time.process_time() - started
