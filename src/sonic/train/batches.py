"""Batches of any shape: moved to a device, and handed through Fabric and DDP as they are."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn


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
