"""Converts between ComfyUI's IMAGE and AUDIO and the arrays that Sonic works with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def as_array(tensor: Any) -> NDArray[Any]:
    """A tensor of any device as an array."""
    return np.asarray(tensor.cpu() if hasattr(tensor, "cpu") else tensor)


def pictures(images: Any) -> list[NDArray[np.uint8]]:
    """IMAGE, float `[B, H, W, C]` in 0..1, as B uint8 pictures `[H, W, C]`; what overshoots is cut."""
    return [
        np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
        for picture in as_array(images).astype(np.float32)
    ]


def recordings(audio: dict[str, Any]) -> list[tuple[NDArray[np.float32], int]]:
    """AUDIO, a waveform `[B, C, T]` with its rate, as B pairs of samples `[T, C]` and rate in Hz."""
    waveform = as_array(audio["waveform"]).astype(np.float32, copy=False)
    return [(samples.T, int(audio["sample_rate"])) for samples in waveform]


def images(frames: Sequence[NDArray[np.uint8]]) -> Any:
    """uint8 pictures `[H, W, 3]` of one size as IMAGE, float32 `[B, H, W, 3]` in 0..1."""
    import torch

    return torch.from_numpy(np.stack(frames).astype(np.float32) / 255)


def audio(samples: NDArray[np.float32], sample_rate: int) -> dict[str, Any]:
    """Samples `[T]` or `[T, C]` as AUDIO."""
    import torch

    columns = samples[:, None] if samples.ndim == 1 else samples
    return {"waveform": torch.from_numpy(columns.T[None]), "sample_rate": sample_rate}


def empty_images(count: int, height: int, width: int) -> Any:
    """Room for `count` frames: float32 `[count, height, width, 3]`, to be filled one by one."""
    import torch

    return torch.empty(count, height, width, 3, dtype=torch.float32)
