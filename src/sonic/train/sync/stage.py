"""Training the sync network: which clips, which sound, which views, and what comes out of a run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import cv2
import numpy as np
import torch

from sonic.clips import load_clips
from sonic.errors import ConfigError
from sonic.evaluate.sync import shift_table
from sonic.train.engine import load_averaged, seeded
from sonic.train.people import share_of_people
from sonic.train.sync.dataset import Sampler
from sonic.train.sync.losses import SyncObjective
from sonic.train.sync.network import SyncConfig, SyncNetwork
from sonic.train.sync.views import FrontEnd, MelFront, SpeechFront, sound_statistics, sync_clips

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from sonic.train.sync.losses import SyncBatch
    from sonic.train.sync.views import SyncClip

Sound: TypeAlias = Literal["speech", "mel"]

_ROW_HEIGHT = 6  # pixels of a shift in a picture


@dataclass(frozen=True)
class SyncSettings:
    """What a run is about.

    Attributes:
        sound: "speech" features or log-"mel".
        split: whose people it learns from.
        landmarks: with a tower for lip points.
        pixels: with a tower for mouth crops.
        share: of those people, for a learning curve.
        sound_context: frames of sound heard around each window's five.
        batch: clips.
        looked_at: clips of a batch whose pictures are looked at.
        width: channels of the towers.
        dropout: share of channels left out.
    """

    sound: Sound = "speech"
    split: str = "train"
    landmarks: bool = True
    pixels: bool = True
    share: float = 1.0
    sound_context: int = 0
    batch: int = 12
    looked_at: int = 4
    width: int = 96
    dropout: float = 0.2

    def front(self, *, augmented: bool) -> FrontEnd:
        """How sound becomes rows."""
        return SpeechFront() if self.sound == "speech" else MelFront(augmented=augmented)

    def network(self) -> SyncConfig:
        """The network's sizes."""
        front = self.front(augmented=False)
        return SyncConfig(
            front.dim,
            front.rows_per_frame,
            sound_context=self.sound_context,
            landmarks=self.landmarks,
            pixels=self.pixels,
            width=self.width,
            dropout=self.dropout,
        )


class SyncStage:
    """The stage for `sonic.train.engine`."""

    name = "sync"

    def __init__(self, clips: Sequence[SyncClip], settings: SyncSettings, *, seed: int) -> None:
        with seeded(seed):
            network = SyncNetwork(settings.network())
        for name, values in zip(("mean", "spread"), sound_statistics(clips), strict=True):
            getattr(network.sound, name).copy_(torch.from_numpy(values))
        self.objective = SyncObjective(network)
        self.turns = {"network": network}
        self.settings, self.clips = settings, clips
        looked_at = settings.looked_at if settings.pixels else 0
        self.sampler = Sampler(clips, seed=seed, size=settings.batch, looked_at=looked_at)

    def batch(self, step: int) -> SyncBatch:
        """The batch of a step."""
        return self.sampler.batch(step)

    def pictures(self, network: SyncNetwork, step: int) -> Iterable[tuple[str, npt.NDArray[np.uint8]]]:  # noqa: ARG002
        """How every window of a clip fits every shift of its sound; a bright line in the middle is right."""
        from sonic.train.sync.measure import look

        longest = max(self.clips, key=lambda clip: len(clip.lips))
        for view, scores in look(network, longest, limit=200).items():
            table = np.nan_to_num(shift_table(scores), nan=float(scores.min()))
            span = max(float(np.ptp(table)), 1e-6)
            grey = np.round(255 * (table.T - table.min()) / span).astype(np.uint8)
            large = cv2.resize(grey, None, fx=_ROW_HEIGHT, fy=_ROW_HEIGHT, interpolation=cv2.INTER_NEAREST)
            colours = cv2.applyColorMap(large, cv2.COLORMAP_VIRIDIS)
            yield view, np.asarray(cv2.cvtColor(colours, cv2.COLOR_BGR2RGB), np.uint8)

    def describe(self) -> dict[str, Any]:
        """What rebuilds the network, and what it learned from."""
        return {
            "settings": asdict(self.settings),
            "people": len({clip.person for clip in self.clips}),
            "clips": len(self.clips),
            "minutes": round(sum(len(clip.lips) for clip in self.clips) / 25 / 60, 2),
        }


def training_clips(data: Path, settings: SyncSettings) -> list[SyncClip]:
    """The clips that a run learns from.

    Raises:
        ConfigError: there are none.
    """
    clips = share_of_people(load_clips(data, settings.split), settings.share)
    if not clips:
        raise ConfigError(
            f"{data} has no clips of the split {settings.split!r}; name some people so in the manifest."
        )
    return sync_clips(clips, settings.front(augmented=True), pixels=settings.pixels)


def load_sync(run: Path) -> SyncNetwork:
    """The averaged network of a run folder, in inference mode.

    Raises:
        ConfigError: nothing was trained in the folder yet.
    """
    weights, about = load_averaged(run)
    network = SyncNetwork(SyncSettings(**about["settings"]).network())
    network.load_state_dict(weights)
    return network.eval()
