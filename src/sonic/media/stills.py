"""Writes a folder of numbered PNG pictures with the sound beside them."""

from __future__ import annotations

import errno
import shutil
import wave
from typing import TYPE_CHECKING

import cv2
import numpy as np

from sonic.media.labels import with_png_label
from sonic.media.metadata import to_text
from sonic.media.output import PROVENANCE_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from sonic.media.film import Film, Frame

SOUND_RATE = 48_000


class StillsSink:
    """`00000.png`, `00001.png` ..., `audio.wav` (48 kHz, 16 bit) and `sonic.json`."""

    def __init__(self, path: Path, film: Film) -> None:
        self._folder = path
        self._film = film
        self._frames = 0
        path.mkdir()
        (path / PROVENANCE_FILE).write_text(to_text(film.provenance) + "\n", encoding="utf-8")

    def write(self, frame: Frame) -> None:
        """Write one picture."""
        target = self._folder / f"{self._frames:05d}.png"
        bgr = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
        done, content = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, 3])
        if not done:
            raise OSError(errno.EIO, "the PNG encoder refused a frame")
        label = self._film.label
        target.write_bytes(content.tobytes() if label is None else with_png_label(content.tobytes(), label))
        self._frames += 1

    def finish(self) -> None:
        """Write the sound."""
        channels = min(2, self._film.audio.channels)
        with wave.open(str(self._folder / "audio.wav"), "wb") as file:
            file.setnchannels(channels)
            file.setsampwidth(2)
            file.setframerate(SOUND_RATE)
            for block in self._film.audio.blocks(SOUND_RATE, channels, duration=self._film.duration):
                file.writeframes(np.rint(np.clip(block, -1, 1) * 32767).astype("<i2").tobytes())

    def discard(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)
