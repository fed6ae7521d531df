"""Writes prepared clips as WebDataset shards, the same bytes for the same clips."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import wave
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from sonic.clips import FORMAT, SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from sonic.motion.head import Array

JPEG_QUALITY = 92
_BLOCK = 512  # bytes; tar pads to it


def write_shards(
    folder: Path, split: str, clips: Iterable[tuple[str, Mapping[str, bytes]]], limit: int
) -> list[Path]:
    """Write `folder/{split}-{number}.tar`, each of at most `limit` bytes unless a single clip is larger.

    Args:
        folder: where the shards go; shards of the split that are there already are replaced.
        split: what their names start with.
        clips: name (without dots) and files by suffix of every clip; order them by `mixed_order`.
        limit: bytes.

    Returns:
        The shards in order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = [
        _write_shard(folder / f"{split}-{number:05d}.tar", group)
        for number, group in enumerate(_groups(clips, limit))
    ]
    for path in set(folder.glob(f"{split}-*.tar")) - set(written):
        path.unlink()
    return written


def mixed_order(name: str) -> str:
    """A sorting key that mixes people and sources and never changes."""
    return hashlib.sha256(name.encode()).hexdigest()


def _groups(
    clips: Iterable[tuple[str, Mapping[str, bytes]]], limit: int
) -> Iterator[list[tuple[str, Mapping[str, bytes]]]]:
    group: list[tuple[str, Mapping[str, bytes]]] = []
    total = 0
    for name, files in clips:
        size = sum(_BLOCK + -(-len(content) // _BLOCK) * _BLOCK for content in files.values())
        if group and total + size > limit:
            yield group
            group, total = [], 0
        group.append((name, files))
        total += size
    if group:
        yield group


def _write_shard(path: Path, clips: list[tuple[str, Mapping[str, bytes]]]) -> Path:
    partial = path.with_suffix(".partial")
    with tarfile.open(partial, "w", format=tarfile.GNU_FORMAT) as shard:
        for name, files in clips:
            for suffix, content in sorted(files.items()):
                # Time, owner and mode keep their defaults, so that nothing but the clips is in the bytes.
                entry = tarfile.TarInfo(f"{name}.{suffix}")
                entry.size = len(content)
                shard.addfile(entry, io.BytesIO(content))
    partial.replace(path)
    return path


def clip_files(
    about: Mapping[str, Any], arrays: Mapping[str, Array], sound: Array, film: bytes
) -> dict[str, bytes]:
    """The files of one clip by suffix.

    Args:
        about: name, person, source, split, start, frames, stretch and whatever else is worth knowing.
        arrays: landmarks, motion, mouth and "features.VARIANT".
        sound: mono at 16 kHz.
        film: mouth crops from `film_of`.
    """
    text = json.dumps({"format": FORMAT, **about}, indent=1, sort_keys=True)
    files = {f"{name}.npy": _npy(values) for name, values in arrays.items()}
    return {**files, "json": text.encode(), "sound.wav": wav_of(sound), "crops.mjpeg": film}


def _npy(values: Array) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ascontiguousarray(values), version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def wav_of(sound: Array) -> bytes:
    """Mono sound at 16 kHz, -1..1, as the bytes of a 16-bit WAV file."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", "not compressed"))
        file.writeframes(np.round(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return stream.getvalue()


def film_of(crops: Iterable[npt.NDArray[np.uint8]]) -> bytes:
    """RGB pictures as Motion JPEG, one picture after the other.

    Every picture stands for itself: what a codec carries from frame to frame, and when it starts anew, would
    tell a network which frame it looks at. Colour is stored as finely as brightness, so teeth keep theirs.
    """
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return b"".join(
        cv2.imencode(".jpg", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR), options)[1].tobytes() for crop in crops
    )
