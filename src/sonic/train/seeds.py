"""Random numbers of torch that depend on named numbers only, and leave everybody else's alone."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def seeded(*numbers: int) -> Iterator[None]:
    """Inside the block torch draws from a seed made of non-negative `numbers`; after it as if it had not."""
    state = np.random.SeedSequence(numbers).generate_state(2)
    devices = [torch.cuda.current_device()] if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(int(state[0]) << 31 | int(state[1]) >> 1)
        yield
