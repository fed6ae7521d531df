"""`sonic train motion`: from prepared clips to a trained motion network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sonic.clips import load_clips
from sonic.motion.space import MotionSpace
from sonic.train.engine import run
from sonic.train.motion.agreement import Agreement
from sonic.train.motion.dataset import Sampler
from sonic.train.motion.flow import LossWeights
from sonic.train.motion.network import NetworkConfig
from sonic.train.motion.stage import MotionStage
from sonic.train.people import share_of_people
from sonic.train.sync.stage import load_sync

if TYPE_CHECKING:
    from pathlib import Path

    from sonic.clips import Clip
    from sonic.train.stage import LoopConfig


@dataclass(frozen=True)
class MotionSettings:
    """What a run is about; all but the first three are there to be compared with.

    Attributes:
        batch_scale: more or fewer clips a batch than usual.
        width: channels of the network.
        dropout: share of channels left out.
        no_speech: share of clips whose speech is withheld, for classifier-free guidance.
        share: of the people, for a learning curve.
        as_muxed: take sound and picture as the file has them.
        sync: run folder of a sync network that watches.
        sync_weight: how much its verdict counts; None for as much as in `LossWeights`.
    """

    batch_scale: float = 1.0
    width: int = 160
    dropout: float = 0.2
    no_speech: float = 0.15
    share: float = 1.0
    as_muxed: bool = False
    sync: Path | None = None
    sync_weight: float | None = None


def train_motion(data: Path, output: Path, settings: MotionSettings, loop: LoopConfig) -> None:
    """Train on the train split of prepared data; a run that was stopped goes on."""
    space, clips = MotionSpace.load(data / "space.safetensors"), _clips(data, settings)
    sampler = Sampler(
        clips, space, seed=loop.seed, dropout=settings.no_speech, batch_scale=settings.batch_scale
    )
    network = NetworkConfig(
        motion_dim=space.dim,
        feature_dim=sampler.feature_dim,
        width=settings.width,
        dropout=settings.dropout,
    )
    watching = Agreement(load_sync(settings.sync), space) if settings.sync else None
    losses = LossWeights() if settings.sync_weight is None else LossWeights(sync=settings.sync_weight)
    shown = load_clips(data, "dev", augmented=False) or clips
    run(MotionStage(network, sampler, shown, losses, watching), loop, output)


def _clips(data: Path, settings: MotionSettings) -> list[Clip]:
    clips = share_of_people(load_clips(data, "train"), settings.share)
    if settings.as_muxed:
        return [replace(clip, start=clip.start - clip.offset) for clip in clips]
    return clips
