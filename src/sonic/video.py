"""A talking video that is drawn when it is watched or written."""

from __future__ import annotations

import base64
import dataclasses
import html
import io
import time
from typing import TYPE_CHECKING, Any, TypeAlias

from PIL import Image

from sonic.media.mux import check_target, open_writer
from sonic.media.output import resolve_output
from sonic.progress import Progress

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from sonic.config import GenerateConfig
    from sonic.media.audio import AudioSource
    from sonic.media.film import Film, Frame
    from sonic.progress import OnProgress

    Draw: TypeAlias = Callable[[OnProgress | None], Iterator[Frame]]


class Video:
    """The result of `Model.generate`: everything is checked, and nothing is drawn until it is asked for.

    It can be drawn any number of times, also by several threads at once.

    Attributes:
        config: the options used, with the seed filled in.
        warnings: sentences about what to expect, such as options outside their recommended range.
        timings: seconds by stage (analyse, features, motion, render, encode) of the work so far.
    """

    def __init__(
        self,
        film: Film,
        config: GenerateConfig,
        draw: Draw,
        *,
        warnings: tuple[str, ...] = (),
        timings: dict[str, float] | None = None,
        on_progress: OnProgress | None = None,
        redraw: Callable[[GenerateConfig], Video] | None = None,
    ) -> None:
        self.config = config
        self.warnings = warnings
        self._film = film
        self._draw = draw
        self._timings = {} if timings is None else timings
        self._on_progress = on_progress
        self._redraw = redraw

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, both even."""
        return self._film.size

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self._film.fps

    @property
    def frame_count(self) -> int:
        """Exact number of frames."""
        return self._film.frame_count

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self._film.duration

    @property
    def audio(self) -> AudioSource:
        """The recording that is spoken; it may go on after the end of the video."""
        return self._film.audio

    @property
    def seed(self) -> int:
        """The seed that gives these frames again."""
        return int(self._film.provenance["seed"])

    @property
    def model(self) -> str:
        """Name of the model."""
        return str(self._film.provenance["model"])

    @property
    def timings(self) -> Mapping[str, float]:
        """Seconds by stage so far."""
        return dict(self._timings)

    @property
    def provenance(self) -> dict[str, Any]:
        """What is written into the file: generator, model, seed and config."""
        return dict(self._film.provenance)

    def final(self, preset: str = "high", *, min_resolution: int | None = None) -> Video:
        """The same performance in other detail: what was approved in a preview, at its final size.

        Motion and seed are those of this video, and the portrait is not analysed again.

        Args:
            preset: as in `GenerateConfig`.
            min_resolution: pixels; what the preset says if not given.

        Raises:
            ConfigError: there is no such preset, or the resolution is out of range.
        """
        assert self._redraw is not None, "a video of Model.generate can be drawn again"
        return self._redraw(dataclasses.replace(self.config, preset=preset, min_resolution=min_resolution))

    def frames(self) -> Iterator[Frame]:
        """Draw the frames one after the other, uint8 RGB `[H, W, 3]`; every call gives the same ones."""
        return self._draw(self._on_progress)

    def export(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = True,
        on_progress: OnProgress | None = None,
        on_frame: Callable[[Frame], None] | None = None,
    ) -> Path:
        """Write the video: MP4 (H.264, AAC), WebM (VP9, Opus), GIF, or a folder of PNG pictures, by suffix.

        `talk.png` and `talk` both write the folder `talk`. The output appears when it is complete; whatever
        is raised on the way, also by `on_progress`, leaves nothing behind. `on_frame` is shown every frame,
        uint8 RGB `[H, W, 3]`, when it is drawn.

        Raises:
            OutputPathError, OutputExistsError, DiskSpaceError: the output cannot be written there.
            ExportError: the encoder failed.
        """
        report = on_progress or self._on_progress
        target = resolve_output(path)
        with open_writer(target, self._film, overwrite=overwrite) as writer:
            for frame in self._draw(report):
                writer.write(frame)
                if on_frame is not None:
                    on_frame(frame)
            started = time.perf_counter()
            if report is not None:
                report(Progress("finish", 0, 1, 0.0))
        self._timings["encode"] = writer.seconds
        if report is not None:
            report(Progress("finish", 1, 1, time.perf_counter() - started))
        return target

    def check_export(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
        """The path that `export` would write; raises what it would raise before the first frame."""
        target = resolve_output(path)
        check_target(target, self._film, overwrite=overwrite)
        return target

    def thumbnail(self) -> Image.Image:
        """The first frame."""
        return Image.fromarray(next(self._draw(None)))

    def __repr__(self) -> str:
        width, height = self.size
        return (
            f"Video({width}x{height}, {self.duration:.2f} s, {self.frame_count} frames at {self.fps:g} fps, "
            f"model={self.model!r}, seed={self.seed})"
        )

    def _repr_html_(self) -> str:
        picture = self.thumbnail()
        picture.thumbnail((320, 320))
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=85)
        content = base64.b64encode(stream.getvalue()).decode()
        caption = html.escape(repr(self))
        return (
            f'<figure><img src="data:image/jpeg;base64,{content}" alt="{caption}">'
            f"<figcaption><code>{caption}</code></figcaption></figure>"
        )
