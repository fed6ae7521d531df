"""What temporal smoothing and lip-sync refinement do to real motion of the model: tremor, closures, lags.

Takes recordings of speech; the example's own if none are given.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import common
import numpy as np

import sonic
from sonic.evaluate.lags import lag_curve, peak
from sonic.evaluate.liveliness import tremor
from sonic.media.audio import AudioSource
from sonic.motion.controls import Controls, apply
from sonic.motion.resample import cubic
from sonic.motion.sampler import FeatureBuffer, MotionSampler
from sonic.motion.smoothing import FILTERS
from sonic.pipeline import MOTION_RATE
from sonic.speech.encoder import SpeechEncoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sonic.motion.stream import MadeBlock

    Blocks = list[MadeBlock]

SHIFTS = (-50, -40, -30, -20, -10, 10, 20, 30, 40, 50)  # milliseconds
CLOSED = 0.015  # IOD


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recordings", nargs="*", type=Path, default=[common.SPEECH], help="sounds of speech")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    sampler = MotionSampler(sonic.load_model().folder)
    made = [_make(sampler, path, seed) for seed, path in enumerate(arguments.recordings)]
    settings = {"recordings": len(made), "inference_steps": common.STEPS}
    for title, rows in (
        ("Temporal smoothing", _smoothing(sampler, made)),
        ("Lip-sync refinement", _timing(sampler, made)),
    ):
        common.Report(title, settings, rows).show(as_json=arguments.json)


def _make(sampler: MotionSampler, path: Path, seed: int) -> Blocks:
    """Motion and what is heard with it, before any control."""
    encoder, audio = SpeechEncoder(), AudioSource.open(path)
    frames = round(audio.probe().duration * MOTION_RATE)
    features = FeatureBuffer(encoder.stream(audio.blocks(encoder.sample_rate)))
    return list(sampler._blocks(features, frames, seed, common.STEPS))  # noqa: SLF001 - before the controls


def _finished(sampler: MotionSampler, blocks: Blocks, controls: Controls) -> NDArray[np.float32]:
    return np.concatenate(list(apply(blocks, controls, sampler.space, sampler.towers)))


def _smoothing(sampler: MotionSampler, made: list[Blocks]) -> list[dict[str, Any]]:
    """Share of power above 8 Hz by group, and how often the lips meet, without and with smoothing."""
    rows = []
    for kind in (None, *FILTERS):
        tracks = [_finished(sampler, one, Controls(smoothing=kind, lip_sync=False)) for one in made]
        row: dict[str, Any] = {"temporal_smoothing": kind or "off"}
        for name, group in sampler.space.groups.items():
            shares = [float(tremor(track[:, group]).mean()) for track in tracks]
            row[f"{name}: power above 8 Hz, %"] = round(100 * float(np.mean(shares)), 2)
        openings = np.concatenate([sampler.space.opening(track) for track in tracks])
        row["frames with closed lips, %"] = round(100 * float((openings < CLOSED).mean()), 1)
        late = [
            _behind(sampler, track, np.concatenate([block.motion for block in blocks]))
            for track, blocks in zip(tracks, made, strict=True)
        ]
        row["lips late by, ms"] = round(float(np.mean(late)), 1)
        rows.append(row)
    return rows


def _timing(sampler: MotionSampler, made: list[Blocks]) -> list[dict[str, Any]]:
    """Lag that is left, milliseconds, after the mouth was moved against the sound."""
    rows = []
    for shift in SHIFTS:
        left = [_left(sampler, blocks, shift * MOTION_RATE / 1000) for blocks in made]
        rows.append(
            {
                "mouth late by, ms": shift,
                "left on average, ms": round(float(np.mean(left)), 1),
                "left at most, ms": round(float(np.abs(left).max()), 1),
            }
        )
    return rows


def _left(sampler: MotionSampler, blocks: Blocks, late: float) -> float:
    """Milliseconds by which a mouth that was `late` frames late still is, beside one that was not moved."""
    mouth = sampler.space.groups["mouth"]
    motion = np.concatenate([block.motion for block in blocks])
    moved = motion.copy()
    moved[:, mouth] = cubic(motion[:, mouth], np.arange(len(motion)) - late)
    cuts = np.cumsum([len(block.motion) for block in blocks])[:-1]
    late_blocks = [
        replace(block, motion=part) for block, part in zip(blocks, np.split(moved, cuts), strict=True)
    ]
    controls = Controls(smoothing=None)
    before, after = (_finished(sampler, one, controls) for one in (blocks, late_blocks))
    return _behind(sampler, after, before)


def _behind(sampler: MotionSampler, track: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Milliseconds by which one track's lips follow another's."""
    late, early = (sampler.space.opening(one) for one in (track, other))
    return peak(lag_curve(late, early)).frames * 1000 / MOTION_RATE


if __name__ == "__main__":
    main()
