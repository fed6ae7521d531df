"""Prepared clips in memory, and random windows of them as training batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sonic.train.motion.flow import Batch
from sonic.train.prepare.space_fit import mirror_signs

if TYPE_CHECKING:
    from sonic.clips import Clip
    from sonic.motion.head import Array
    from sonic.motion.space import MotionSpace

BUCKETS = ((20, 34, 48), (50, 75, 24), (120, 150, 12))  # shortest clip, window in frames, clips per batch
_LONGEST_CONTEXT = 40  # frames of given motion
_FEATURE_NOISE = 0.2  # of their spread
_ANGLE = slice(0, 3)  # of the head group


def performance(clips: list[Clip], space: MotionSpace) -> dict[str, Array]:
    """Per person how far the mouth opens and how fast the head turns, as logarithms, [2] each."""
    people: dict[str, list[Clip]] = {}
    for clip in clips:
        people.setdefault(clip.person, []).append(clip)
    return {person: _performance(group, space) for person, group in people.items()}


def _performance(clips: list[Clip], space: MotionSpace) -> Array:
    openings = np.concatenate([space.opening(clip.motion) for clip in clips])
    turning = np.concatenate(
        [
            np.linalg.norm(np.diff(clip.motion[:, space.groups["head"]][:, _ANGLE], axis=0), axis=1)
            for clip in clips
        ]
    )
    return np.log([openings.std() + 1e-3, turning.mean() + 1e-4]).astype(np.float32)


class Sampler:
    """Draws the batch of any training step; step k always gives the same batch.

    People are drawn by the square root of how much there is of them, so that nobody dominates.
    """

    def __init__(
        self,
        clips: list[Clip],
        space: MotionSpace,
        *,
        seed: int,
        dropout: float = 0.15,
        batch_scale: float = 1.0,
    ) -> None:
        self.space = space
        self.seed = seed
        self.dropout = dropout
        self.batch_scale = batch_scale
        self.signs = mirror_signs(space)
        self.buckets = [_bucket(clips, index) for index in range(len(BUCKETS))]
        self.shares = [_shares(bucket) for bucket in self.buckets]
        seconds = np.array([np.sqrt(sum(len(clip.motion) for clip in bucket)) for bucket in self.buckets])
        self.bucket_shares = seconds / seconds.sum()
        styles = performance(clips, space)
        values = np.array(list(styles.values()))
        self.style_mean, self.style_spread = values.mean(0), np.maximum(values.std(0), 0.1)
        self.styles = {
            person: (value - self.style_mean) / self.style_spread for person, value in styles.items()
        }

    @property
    def feature_dim(self) -> int:
        """Numbers per speech feature."""
        return next(clip.features["clean"].shape[1] for bucket in self.buckets for clip in bucket)

    def feature_statistics(self) -> tuple[Array, Array]:
        """Mean and standard deviation of each speech feature, [F] each."""
        sounds = [clip.features["clean"] for bucket in self.buckets for clip in bucket]
        count = sum(len(sound) for sound in sounds)
        mean = sum(sound.sum(0, dtype=np.float64) for sound in sounds) / count
        power = sum((sound.astype(np.float64) ** 2).sum(0) for sound in sounds) / count
        spread = np.sqrt(np.maximum(power - mean**2, 1e-6))
        return mean.astype(np.float32), spread.astype(np.float32)

    def describe(self) -> dict[str, Any]:
        """What decides on the batches, as JSON."""
        clips = [clip for bucket in self.buckets for clip in bucket]
        return {
            "clips": len(clips),
            "frames": sum(len(clip.motion) for clip in clips),
            "dropout": self.dropout,
            "batch_scale": self.batch_scale,
        }

    def batch(self, step: int) -> Batch:
        """The batch of a step."""
        rng = np.random.default_rng([self.seed, step])
        index = int(rng.choice(len(BUCKETS), p=self.bucket_shares))
        _, length, count = BUCKETS[index]
        count = max(2, round(count * self.batch_scale))
        chosen = rng.choice(len(self.buckets[index]), count, p=self.shares[index])
        windows = [self._window(self.buckets[index][k], length, rng) for k in chosen]
        styles = np.stack([self._style(self.buckets[index][k].person, rng) for k in chosen])
        return self._collate(windows, styles, length, rng)

    def _window(self, clip: Clip, length: int, rng: np.random.Generator) -> tuple[Array, Array]:
        variant = str(rng.choice(list(clip.features)))
        first = int(rng.integers(0, max(1, clip.length(variant) - length + 1)))
        features, motion = clip.window(variant, first, length)
        if rng.random() < 0.5:
            motion = mirror(motion, self.signs, self.space)
        return disturb(features, rng), (motion - self.space.mean) / self.space.spread

    def _style(self, person: str, rng: np.random.Generator) -> Array:
        given = (rng.random(2) > 0.3).astype(np.float32)
        return np.concatenate([self.styles[person] * given, given]).astype(np.float32)

    def _collate(
        self, windows: list[tuple[Array, Array]], styles: Array, length: int, rng: np.random.Generator
    ) -> Batch:
        count, dim, width = len(windows), self.space.dim, windows[0][0].shape[1]
        features, motion = (
            np.zeros((count, 2 * length, width), np.float32),
            np.zeros((count, length, dim), np.float32),
        )
        valid, known = np.zeros((count, length), bool), np.zeros((count, length, 1), np.float32)
        for row, (sound, moves) in enumerate(windows):
            features[row, : len(sound)], motion[row, : len(moves)] = sound, moves
            valid[row, : len(moves)] = True
            if rng.random() < 0.5:
                known[row, : rng.integers(1, min(_LONGEST_CONTEXT, len(moves) // 2) + 1)] = 1
        dropped = rng.random(count) < self.dropout
        arrays = (features, motion, valid, known, styles, dropped)
        return Batch(*(torch.from_numpy(array) for array in arrays))


def _bucket(clips: list[Clip], index: int) -> list[Clip]:
    shortest = BUCKETS[index][0]
    longest = BUCKETS[index + 1][0] if index + 1 < len(BUCKETS) else 10**9
    return [clip for clip in clips if shortest <= len(clip.motion) < longest]


def _shares(clips: list[Clip]) -> Array:
    """Chance of each clip: person by the root of their footage, clip by its length."""
    footage: dict[str, int] = {}
    for clip in clips:
        footage[clip.person] = footage.get(clip.person, 0) + len(clip.motion)
    shares = np.array([len(clip.motion) / np.sqrt(footage[clip.person]) for clip in clips])
    return shares / shares.sum() if len(shares) else shares


def mirror(motion: Array, signs: Array, space: MotionSpace) -> Array:
    """Motion vectors [T, dim] as a mirror shows them."""
    mirrored = motion * signs
    mirrored[:, space.groups["lids"]] = mirrored[:, space.groups["lids"]][:, ::-1]
    return mirrored


def disturb(features: Array, rng: np.random.Generator) -> Array:
    """Features [n, F] with a little noise, and now and then a short stretch that is missing."""
    noisy = features + rng.normal(0, _FEATURE_NOISE, features.shape).astype(np.float32) * features.std()
    if rng.random() < 0.3:
        first, length = rng.integers(0, len(features)), rng.integers(2, 9)
        noisy[first : first + length] = features.mean(0)
    return noisy
