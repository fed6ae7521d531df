"""Decodes the sound of a container, without what encoders put around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av

from sonic.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def sound_frames(container: av.container.InputContainer, name: str) -> Iterator[tuple[av.AudioFrame, int]]:
    """The frames of the first sound track, each with the number of its samples that count.

    Raises:
        AudioError: most packets of `name` are damaged, or there was no memory for one.
    """
    return _without_padding(_decode(container, name))


def _decode(
    container: av.container.InputContainer, name: str
) -> Iterator[tuple[av.Packet[av.AudioStream], av.AudioFrame]]:
    """Frames of the first sound track; a damaged packet is skipped unless most of them are."""
    good = bad = 0
    latest: av.error.FFmpegError | None = None
    try:
        for packet in container.demux(container.streams.audio[0]):
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                latest, bad = error, bad + 1
                if isinstance(error, MemoryError):  # the packet may be good: no sound with a hole in it
                    break
                continue
            good += bool(packet.size)
            yield from ((packet, frame) for frame in frames)
    except av.error.FFmpegError as error:
        latest, bad = error, bad + 1
    if bad > good or isinstance(latest, MemoryError):
        raise AudioError(
            f"The recording {name} is corrupt ({bad} of {bad + good} packets): get a complete copy of it."
        ) from latest


def _without_padding(
    decoded: Iterable[tuple[av.Packet[av.AudioStream], av.AudioFrame]],
) -> Iterator[tuple[av.AudioFrame, int]]:
    """Each frame with the number of samples that count; MP4 says in the last packet where the sound ends."""
    held: tuple[av.AudioFrame, int] | None = None
    for packet, frame in decoded:
        if held is not None:
            yield held[0], held[0].samples
        counts_samples = packet.time_base is not None and packet.time_base * frame.sample_rate == 1
        length = packet.duration if counts_samples and packet.duration else frame.samples
        held = frame, min(frame.samples, length)
    if held is not None:
        yield held
