"""Which people a run learns from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonic.clips import Clip


def share_of_people(clips: Sequence[Clip], share: float) -> list[Clip]:
    """The clips of a share of the people, drawn once for all: a smaller share lies inside a larger one."""
    people = sorted({clip.person for clip in clips})
    order = np.random.default_rng(0).permutation(len(people))
    chosen = {people[index] for index in order[: max(1, round(share * len(people)))]} if people else set()
    return [clip for clip in clips if clip.person in chosen]
