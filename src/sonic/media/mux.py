"""Writes a video of any format in a thread of its own, whole or not at all."""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import av

from sonic.media.animation import AnimationSink
from sonic.media.movie import MP4, WEBM, MovieSink
from sonic.media.output import ANIMATIONS, MOVIES, WEB_MOVIES, check_output, check_space, export_error, staged
from sonic.media.stills import StillsSink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sonic.media.film import Film, Frame, Sink

_WAITING_FRAMES = 8  # between the renderer and the encoder
_LOOK_UP = 0.2  # seconds


def check_target(target: Path, film: Film, *, overwrite: bool) -> None:
    """Refuse, before any work is done, what could not be written.

    Raises:
        OutputExistsError: the output is there and may not be replaced.
        DiskSpaceError: the disk has no room for it.
    """
    check_output(target, overwrite=overwrite, sources=film.sources)
    bytes_per_pixel = {"": 1.5, ".gif": 0.4}.get(target.suffix.lower(), 0.04)
    check_space(target, film.size[0] * film.size[1] * film.frame_count * bytes_per_pixel)


@contextmanager
def open_writer(
    target: Path, film: Film, *, overwrite: bool, seal: Callable[[Path], None] | None = None
) -> Iterator[FrameWriter]:
    """A writer for the frames of `film`; the file appears when the block ends without an exception.

    `seal` may change the complete file once more before it appears, for example sign it.

    Raises:
        OutputExistsError, DiskSpaceError: see `check_target`.
        ExportError: the encoder failed.
    """
    check_target(target, film, overwrite=overwrite)
    with staged(target, overwrite=overwrite) as staging:
        try:
            writer = FrameWriter(_make_sink(staging, film), target)
        except (av.error.FFmpegError, OSError) as error:
            raise export_error(error, target) from error
        try:
            writer.start()  # only in here, or an interrupt just before would leave a thread that never ends
            yield writer
            writer.finish()
        finally:
            writer.close()
        if seal is not None:
            seal(staging)


def _make_sink(path: Path, film: Film) -> Sink:
    suffix = path.suffix.lower()
    if suffix in MOVIES:
        return MovieSink(path, film, MP4)
    if suffix in WEB_MOVIES:
        return MovieSink(path, film, WEBM)
    if suffix in ANIMATIONS:
        return AnimationSink(path, film)
    return StillsSink(path, film)


class FrameWriter:
    """Hands frames to a sink in another thread and waits when it falls behind; `seconds` it was busy."""

    def __init__(self, sink: Sink, target: Path) -> None:
        self.seconds = 0.0
        self._sink = sink
        self._target = target
        self._frames: queue.Queue[Frame | None] = queue.Queue(_WAITING_FRAMES)
        self._complete = self._given_up = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="sonic-encode")
        self._work: Future[None] = Future()

    def start(self) -> None:
        """Begin the thread; whoever calls this must `close`, even if it is interrupted."""
        self._work = self._pool.submit(self._encode)

    def write(self, frame: Frame) -> None:
        """Queue one frame, uint8 RGB `[H, W, 3]`; it must not be changed afterwards."""
        self._put(frame)

    def finish(self) -> None:
        """Wait until everything is written."""
        self._complete = True
        self._put(None)
        self._result()

    def close(self) -> None:
        """End the thread; what is not finished is given up."""
        self._given_up = True
        self._pool.shutdown()

    def _put(self, frame: Frame | None) -> None:
        while True:
            if self._work.done():
                self._result()
                return
            try:
                self._frames.put(frame, timeout=0.1)
            except queue.Full:
                continue
            return

    def _result(self) -> None:
        try:
            self._work.result()
        except (av.error.FFmpegError, OSError) as error:
            raise export_error(error, self._target) from error

    def _next(self) -> Frame | None:
        """The next frame, None after the last one.

        An interrupt inside of `put` can lose the wake-up that belongs to it, one between two statements the
        call of `close`: who waits must look up, and see whether anybody is left to write for.
        """
        while not self._given_up and threading.main_thread().is_alive():
            with suppress(queue.Empty):
                return self._frames.get(timeout=_LOOK_UP)
        return None

    def _encode(self) -> None:
        finished = False
        try:
            while (frame := self._next()) is not None:
                started = time.perf_counter()
                self._sink.write(frame)
                self.seconds += time.perf_counter() - started
            if self._complete:
                self._sink.finish()
                finished = True
        finally:
            if not finished:
                self._sink.discard()
