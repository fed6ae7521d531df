"""Batches of any shape: made in order, moved to a device, and handed through Fabric and DDP as they are."""

from __future__ import annotations

import signal
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sonic.train.stage import Stage


class _Places(Dataset):
    """The batches of a stage by their number."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def __getitem__(self, place: int) -> Any:
        return self.stage.batch(place)


def batches(stage: Stage, places: range, workers: int) -> Iterator[Any]:
    """The batches with the numbers `places`, in order; made ahead of time where there are workers."""
    return iter(
        DataLoader(
            _Places(stage),
            batch_size=None,
            sampler=places,
            num_workers=workers,
            collate_fn=_as_it_is,
            worker_init_fn=_ignore_interrupts,
            generator=torch.Generator(),  # otherwise it draws from everybody's random numbers
            # Copies of this process share its clips; new processes would need them sent.
            multiprocessing_context="fork" if workers else None,
        )
    )


def _as_it_is(batch: Any) -> Any:
    return batch


def _ignore_interrupts(worker: int) -> None:  # noqa: ARG001 - the signature of worker initialisers
    """Ctrl-C reaches all processes, and the one that trains still wants batches until its step is done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Sealed:
    """A batch that Fabric and DDP pass on as it is; they would take frozen dataclasses apart, and fail."""

    def __init__(self, batch: Any) -> None:
        self.batch = batch


class Unsealing(nn.Module):
    """The objective, as Fabric and DDP call it."""

    def __init__(self, objective: nn.Module) -> None:
        super().__init__()
        self.objective = objective

    def forward(self, sealed: Sealed, turn: str) -> dict[str, Tensor]:
        """The terms of a turn."""
        return self.objective(sealed.batch, turn)


def moved(batch: Any, device: torch.device | str) -> Any:
    """A batch on a device: tensors in dataclasses, dicts, lists and tuples; anything else stays as it is."""
    if isinstance(batch, Tensor):
        return batch.to(device, non_blocking=True)
    if is_dataclass(batch) and not isinstance(batch, type):
        return replace(
            batch, **{each.name: moved(getattr(batch, each.name), device) for each in fields(batch)}
        )
    if isinstance(batch, dict):
        return {name: moved(value, device) for name, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)(moved(value, device) for value in batch)
    return batch
