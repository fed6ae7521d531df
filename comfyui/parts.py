"""What travels between the nodes: portraits and voices with the options that belong to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from comfy_api.latest import io

from .files import save_input
from .tensors import pictures, recordings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

Item = TypeVar("Item")
Other = TypeVar("Other")

CATEGORY = "video/sonic"
SonicModelType = io.Custom("SONIC_MODEL")
SonicPortraitType = io.Custom("SONIC_PORTRAIT")
SonicVoiceType = io.Custom("SONIC_VOICE")
SonicTakeType = io.Custom("SONIC_TAKE")


@dataclass(frozen=True)
class Portrait:
    """A picture `[H, W, C]`, uint8, or the path of a video to dub; its options; points placed by hand."""

    image: NDArray[np.uint8] | str
    options: Mapping[str, Any] = field(default_factory=dict)
    face_points: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Voice:
    """Samples `[T, C]` with their rate in Hz, and the options that belong to the recording."""

    samples: NDArray[np.float32]
    sample_rate: int
    options: Mapping[str, Any] = field(default_factory=dict)


def portraits(given: Any) -> list[Portrait]:
    """One portrait for a prepared one or a VIDEO, as many as there are pictures for IMAGE."""
    if isinstance(given, Portrait):
        return [given]
    if hasattr(given, "save_to"):
        return [Portrait(save_input(given))]
    return [Portrait(picture) for picture in pictures(given)]


def voices(given: Any) -> list[Voice]:
    """One voice for a prepared one, as many as AUDIO holds otherwise."""
    if isinstance(given, Voice):
        return [given]
    return [Voice(samples, rate) for samples, rate in recordings(given)]


def pair(left: Sequence[Item], right: Sequence[Other]) -> list[tuple[Item, Other]]:
    """Each portrait with its voice; a single one of either goes with all of the other.

    Raises:
        InputError: the numbers differ and neither is 1.
    """
    from sonic import InputError

    if len(left) != len(right) and 1 not in {len(left), len(right)}:
        raise InputError(
            f"There are {len(left)} portraits and {len(right)} recordings: "
            "give as many of both, or one of either."
        )
    count = max(len(left), len(right))
    return [(left[index % len(left)], right[index % len(right)]) for index in range(count)]
