"""Many-way InfoNCE: every window of a face must find its own sound among many, and the other way round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from sonic.evaluate.sync import SEARCH
from sonic.motion.sync import WINDOW

if TYPE_CHECKING:
    from sonic.train.sync.network import SyncNetwork

NEAREST = 2  # frames; one frame off is neither right nor wrong
_CONTEXTS = (5, 15)  # frames that the averaged scores speak for, as they are used


@dataclass(frozen=True)
class SyncBatch:
    """Stretches of clips, padded to one length.

    Attributes:
        rows: sound, [B, R T, D].
        lips: lip points, eye distances, [B, T, P, 2].
        crops: grey mouth crops of the first C clips, uint8 [C, T, 48, 64]; C is 0 where nobody looks at them.
        valid: frames that have a face and sound, [B, T].
        counted: five-frame windows that are valid and hold sound energy, [B, T - 4].
    """

    rows: Tensor
    lips: Tensor
    crops: Tensor
    valid: Tensor
    counted: Tensor


class SyncObjective(nn.Module):
    """The loss of every view alone, and of all views together by the sum of their logits."""

    def __init__(self, network: SyncNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: SyncBatch, turn: str) -> dict[str, Tensor]:  # noqa: ARG002 - one turn only
        """Loss terms; "total" is minimised."""
        network = self.network
        heard = network.audio(batch.rows)
        usable = batch.valid.unfold(1, WINDOW, 1).all(-1)
        seen = seen_windows(network, batch)
        scores = {
            view: [network.scale(view) * part for part in similarities(windows, heard[: len(windows)])]
            for view, windows in seen.items()
        }
        if len(scores) > 1:
            scores["both"] = together(scores["lips"], scores["mouth"])
        terms = {
            name: matching_loss(inside, outside, usable[: len(inside)], batch.counted[: len(inside)])
            for name, (inside, outside) in scores.items()
        }
        terms["total"] = torch.stack(list(terms.values())).mean()
        terms |= {f"scale of {view}": network.scale(view) for view in seen}
        return terms


def seen_windows(network: SyncNetwork, batch: SyncBatch) -> dict[str, Tensor]:
    """Embeddings [B, T - 4, E] of the batch in each of the network's views."""
    seen = {}
    if "lips" in network.views:
        seen["lips"] = network.face(batch.lips, batch.valid)
    if "mouth" in network.views:
        seen["mouth"] = network.pixels(batch.crops.float() / 255, batch.valid[: len(batch.crops)])
    return seen


def together(lips: list[Tensor], mouth: list[Tensor]) -> list[Tensor]:
    """Sums of the logits inside [B, V, V] and outside [B, B, V] of the clips that both views see."""
    (inside, outside), count = mouth, len(mouth[0])
    return [lips[0][:count] + inside, lips[1][:count, :count] + outside]


def similarities(seen: Tensor, heard: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines inside each clip [B, V, V] and with the other clips' sound at the same place, [B, B, V]."""
    inside = torch.einsum("bte,bse->bts", seen, heard)
    outside = torch.einsum("bte,cte->bct", seen, heard)
    return inside, outside


def matching_loss(inside: Tensor, outside: Tensor, usable: Tensor, counted: Tensor) -> Tensor:
    """InfoNCE in both directions, mean over contexts.

    Args:
        inside: logits of seen window t with sound s of the same clip, [B, V, V].
        outside: logits of clip b's face with clip c's sound at the same place, [B, B, V].
        usable: windows whose frames exist, [B, V].
        counted: windows that are asked, [B, V].
    """
    losses = []
    for frames in _CONTEXTS:
        count = min(frames - WINDOW + 1, inside.shape[1])
        exist, asked = (_together(windows, count) for windows in (usable, counted))
        near, far = _averaged(inside, count), _averaged_outside(outside, count)
        losses += [
            _info_nce(near, far, exist, asked & exist),
            _info_nce(near.transpose(1, 2), far.transpose(0, 1), exist, asked & exist),
        ]
    return torch.stack(losses).mean()


def _together(windows: Tensor, count: int) -> Tensor:
    """Whether all of `count` neighbouring windows [B, V] are, [B, V - count + 1]."""
    return windows.unfold(1, count, 1).all(-1)


def _averaged(inside: Tensor, count: int) -> Tensor:
    """Means along the diagonals: `count` neighbouring windows at the same shift."""
    length = inside.shape[1] - count + 1
    return sum(inside[:, k : k + length, k : k + length] for k in range(count)) / count


def _averaged_outside(outside: Tensor, count: int) -> Tensor:
    return outside.unfold(2, count, 1).mean(-1)


def _info_nce(inside: Tensor, outside: Tensor, usable: Tensor, asked: Tensor) -> Tensor:
    near, far = negatives(usable)
    positive = torch.diagonal(inside, dim1=1, dim2=2)
    logits = torch.cat(
        [positive[..., None], _masked(inside, near), _masked(outside.transpose(1, 2), far)], -1
    )
    return (-functional.log_softmax(logits, -1)[..., 0] * asked).sum() / asked.sum().clamp(min=1)


def _masked(logits: Tensor, keep: Tensor) -> Tensor:
    return logits.masked_fill(~keep, float("-inf"))


def negatives(usable: Tensor) -> tuple[Tensor, Tensor]:
    """Which windows stand against each window's own sound.

    Inside the clip those 2 to 15 frames away; from the other clips at most as many, so that at least half of
    the negatives share voice, room and face with the right answer and only time tells them apart.

    Args:
        usable: windows whose frames exist, [B, V].

    Returns:
        Inside [B, V, V] by place, outside [B, V, B] by clip.
    """
    clips, windows = usable.shape
    place = torch.arange(windows, device=usable.device)
    distance = (place[:, None] - place).abs()
    inside = (distance >= NEAREST) & (distance <= SEARCH) & usable[:, None, :]
    clip = torch.arange(clips, device=usable.device)
    turn = (clip[None, :] - clip[:, None]) % clips  # 0 is the clip itself
    there = (turn[:, None, :] > 0) & usable.T[None]
    outside = there & (there.cumsum(-1) <= inside.sum(-1, keepdim=True))
    return inside, outside
