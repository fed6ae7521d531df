"""Random stretches of clips as training batches of the sync network."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from sonic.evaluate.sync import MEL_ROWS
from sonic.face.topology import canonical_vertices
from sonic.motion.resample import interpolate
from sonic.motion.sync import LIP_POINTS, WINDOW
from sonic.train.prepare.space_fit import mirror_indices
from sonic.train.sync.losses import SyncBatch
from sonic.train.sync.network import PIXELS
from sonic.train.sync.views import Stretch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonic.motion.head import Array
    from sonic.train.sync.views import Frames, SyncClip

LENGTH = 40  # frames
_LIP_NOISE = 0.003  # eye distances, as trackers shake
_LIP_SCALE, _LIP_TURN = 0.1, 0.08  # share of the size; radians
_SOUND_NOISE = 0.15  # of the rows' spread
_BAND_GAIN = 0.25  # log10 power; another microphone
_VOICE_SIZE = 0.12  # share by which a voice's resonances move; another throat
_BANDS_TOGETHER = 16


class Sampler:
    """Draws the batch of any training step; step k always gives the same batch.

    People are drawn by the square root of how much there is of them, so that nobody dominates.
    """

    def __init__(self, clips: Sequence[SyncClip], *, seed: int, size: int = 12, looked_at: int = 0) -> None:
        self.clips, self.seed, self.size, self.looked_at = clips, seed, size, looked_at
        self.shares = _shares(clips)

    def batch(self, step: int) -> SyncBatch:
        """The batch of a step: stretches of `size` different clips, as far as there are so many.

        Pictures cost most of a step, so that only the first `looked_at` clips bring theirs.
        """
        rng = np.random.default_rng([self.seed, step])
        count = min(self.size, len(self.clips))
        chosen = rng.choice(len(self.clips), count, p=self.shares, replace=False)
        return collate(
            [self._stretch(self.clips[k], rng, look=place < self.looked_at) for place, k in enumerate(chosen)]
        )

    def _stretch(self, clip: SyncClip, rng: np.random.Generator, *, look: bool) -> Stretch:
        variant = str(rng.choice(list(clip.sounds.rows)))
        first = int(rng.integers(0, max(1, clip.length(variant) - LENGTH + 1)))
        stretch = clip.stretch(variant, first, LENGTH, look=look)
        lips, crops = stretch.lips, stretch.crops
        if rng.random() < 0.5:
            lips, crops = mirrored(lips), crops[..., ::-1]
        lips = _jittered(lips, rng)
        crops = _relit(crops, rng) if len(crops) else crops
        rows = _disturbed(stretch.rows, clip.sounds.rows_per_frame, rng)
        return Stretch(rows, lips, crops, stretch.heard, stretch.loud)


def collate(stretches: Sequence[Stretch], length: int = LENGTH) -> SyncBatch:
    """Stretches as one batch, the last frame held to `length` frames; padding is not valid."""
    counts = np.array([len(stretch.lips) for stretch in stretches])
    per_frame = len(stretches[0].rows) // counts[0]
    heard, loud = (
        np.stack([_filled(getattr(stretch, name), length) for stretch in stretches])
        for name in ("heard", "loud")
    )
    crops = [stretch.crops for stretch in stretches if len(stretch.crops)]
    windows = np.lib.stride_tricks.sliding_window_view
    enough = (windows(loud, WINDOW, axis=1).mean(-1) > 0.5) & windows(heard, WINDOW, axis=1).all(-1)
    return SyncBatch(
        _stacked([stretch.rows for stretch in stretches], length * per_frame),
        _stacked([stretch.lips[..., :2] for stretch in stretches], length),
        _stacked(crops, length) if crops else torch.zeros(0, length, *PIXELS, dtype=torch.uint8),
        torch.from_numpy(heard),
        torch.from_numpy(enough),
    )


def _filled(flags: npt.NDArray[np.bool_], length: int) -> npt.NDArray[np.bool_]:
    return np.pad(flags, (0, length - len(flags)))


def _stacked(parts: Sequence[Array | Frames], length: int) -> torch.Tensor:
    held = [np.concatenate([part, np.repeat(part[-1:], length - len(part), axis=0)]) for part in parts]
    return torch.from_numpy(np.stack(held))


def _shares(clips: Sequence[SyncClip]) -> Array:
    """Chance of each clip: person by the root of their footage, clip by its length."""
    footage: dict[str, int] = {}
    for clip in clips:
        footage[clip.person] = footage.get(clip.person, 0) + len(clip.lips)
    shares = np.array([len(clip.lips) / np.sqrt(footage[clip.person]) for clip in clips])
    normal: Array = shares / shares.sum()
    return normal


@cache
def _other_side() -> npt.NDArray[np.int64]:
    """For each lip point the one on the other side of the mouth, as places in LIP_POINTS."""
    opposite = mirror_indices(canonical_vertices())[list(LIP_POINTS)]
    return np.array([LIP_POINTS.index(point) for point in opposite])


def mirrored(lips: Array) -> Array:
    """Lip points [T, 50, 3] as a mirror shows them."""
    flipped: Array = lips[:, _other_side()] * np.array([-1, 1, 1], np.float32)
    return flipped


def _jittered(lips: Array, rng: np.random.Generator) -> Array:
    """Larger or smaller, turned a little in the picture plane, and trembling."""
    middle = lips.mean((0, 1))
    scale, turn = 1 + rng.uniform(-_LIP_SCALE, _LIP_SCALE), rng.uniform(-_LIP_TURN, _LIP_TURN)
    cosine, sine = scale * np.cos(turn), scale * np.sin(turn)
    turned = lips - middle
    turned[..., :2] = turned[..., :2] @ np.array([[cosine, sine], [-sine, cosine]], np.float32)
    noise = _LIP_NOISE * rng.random() * _normal(rng, lips.shape)
    jittered: Array = (turned + middle + noise).astype(np.float32)
    return jittered


def _relit(crops: Frames, rng: np.random.Generator) -> Frames:
    """Another light, another camera, and a crop that lies a little elsewhere."""
    shift = rng.integers(-2, 3, 2)
    moved = np.roll(crops.astype(np.float32), tuple(shift), axis=(1, 2))
    bright = 255 * (moved / 255) ** rng.uniform(0.7, 1.4) * rng.uniform(0.7, 1.3) + rng.uniform(-20, 20)
    noisy = bright + 6 * rng.random() * _normal(rng, bright.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _disturbed(rows: Array, rows_per_frame: int, rng: np.random.Generator) -> Array:
    """Rows with a little noise; log-mel of another voice through another microphone as well."""
    if rows_per_frame == MEL_ROWS:
        rows = _another_voice(rows, rng)
    disturbed: Array = rows + _SOUND_NOISE * rows.std(0) * _normal(rng, rows.shape)
    return disturbed.astype(np.float32)


def _another_voice(rows: Array, rng: np.random.Generator) -> Array:
    """Log-mel rows [n, D] with the bands stretched and weighted."""
    bands = np.arange(rows.shape[1])
    stretched = interpolate(rows.T, bands * (1 + rng.uniform(-_VOICE_SIZE, _VOICE_SIZE))).T
    points = rng.normal(0, _BAND_GAIN, len(bands) // _BANDS_TOGETHER + 2)
    another: Array = stretched + np.interp(bands / len(bands), np.linspace(0, 1, len(points)), points)
    return another


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.standard_normal(shape, np.float32)
