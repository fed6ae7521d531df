"""Damaged files and absurd headers: every reader takes them or says what is wrong, and leaves nothing."""

from __future__ import annotations

import faulthandler
import io
import struct
import tempfile
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from sonic.errors import AudioError, SonicError
from sonic.media.audio import AudioSource
from sonic.media.footage import film_path, frames_at, sound_after
from sonic.media.glance import glance
from sonic.media.image import load_image
from sonic.media.metadata import read_info
from sonic.media.probe import probe_film, probe_picture, probe_recording

RATE = 48_000
HANGS = 60  # seconds after which all stacks are printed and the run ends
FILES = Path("/proc/self/fd")


def picture(kind):
    stream = io.BytesIO()
    frames = [Image.linear_gradient("L").resize((80, 70)).rotate(turn).convert("RGB") for turn in (0, 90)]
    more = {"save_all": True, "append_images": frames[1:], "duration": 100} if kind == "GIF" else {}
    frames[0].save(stream, kind, **more)
    return stream.getvalue()


def add_sound(container, codec):
    track = container.add_stream(codec, rate=RATE, layout="mono")
    track.codec_context.open()
    return track


def encode_sound(container, track):
    size = track.codec_context.frame_size or 1024
    tone = (np.sin(np.arange(RATE // 2) / 20) * 0.3).astype(np.float32)
    resampler = av.AudioResampler(track.codec_context.format, "mono", RATE, size)
    frame = av.AudioFrame.from_ndarray(tone[None], "fltp", "mono")
    frame.sample_rate, frame.pts = RATE, 0
    for piece in [*resampler.resample(frame), *resampler.resample(None), None]:
        container.mux(track.encode(piece))


def recording(kind, codec):
    stream = io.BytesIO()
    with av.open(stream, "w", format=kind) as container:
        encode_sound(container, add_sound(container, codec))
    return stream.getvalue()


def film(kind, pictures, sound):
    stream = io.BytesIO()
    with av.open(stream, "w", format=kind) as container:
        track = container.add_stream(pictures, rate=10)
        track.width, track.height, track.pix_fmt = 80, 64, "yuv420p"
        voice = add_sound(container, sound)
        for shade in range(0, 200, 40):
            frame = av.VideoFrame.from_ndarray(np.full((64, 80, 3), shade, np.uint8), "rgb24")
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
        encode_sound(container, voice)
    return stream.getvalue()


WHOLE = {
    "png": lambda: picture("PNG"),
    "jpg": lambda: picture("JPEG"),
    "webp": lambda: picture("WEBP"),
    "gif": lambda: picture("GIF"),
    "wav": lambda: recording("wav", "pcm_s16le"),
    "mp3": lambda: recording("mp3", "libmp3lame"),
    "flac": lambda: recording("flac", "flac"),
    "ogg": lambda: recording("ogg", "libopus"),
    "m4a": lambda: recording("ipod", "aac"),
    "mp4": lambda: film("mp4", "libx264", "aac"),
    "webm": lambda: film("webm", "libvpx-vp9", "libopus"),
}

LEAST, MOST, NEGATIVE = bytes(4), b"\xff" * 4, b"\x80\0\0\0"
NAN, MINUS = struct.pack(">d", float("nan")), struct.pack(">d", -1.0)

# What is written how many bytes behind which mark: sizes of nothing and of everything, negative times.
ABSURD = {
    "png": [
        (b"IHDR", 0, LEAST * 2),
        (b"IHDR", 0, b"\x7f\xff\xff\xff" * 2),
        (b"IHDR", 8, b"\x4d\x4d"),
        (b"IDAT", -4, b"\x7f\xff\xff\xff"),
        (b"IDAT", -4, LEAST),
    ],
    "jpg": [
        (b"\xff\xc0", 3, LEAST),
        (b"\xff\xc0", 3, MOST),
        (b"\xff\xc0", 0, b"\0\0"),
        (b"\xff\xda", 0, b"\xff\xff"),
    ],
    "webp": [
        (b"\x9d\x01\x2a", 0, LEAST),
        (b"\x9d\x01\x2a", 0, MOST),
        (b"RIFF", 0, LEAST),
        (b"RIFF", 0, MOST),
    ],
    "gif": [
        (b"GIF89a", 0, LEAST),
        (b"GIF89a", 0, MOST),
        (b"\x21\xf9\x04", 1, b"\xff\xff"),
        (b"\x21\xf9\x04", 1, b"\0\0"),
    ],
    "wav": [
        (b"fmt ", 6, b"\0\0"),
        (b"fmt ", 6, b"\xff\xff"),
        (b"fmt ", 8, LEAST),
        (b"fmt ", 8, b"\1\0\0\0"),
        (b"fmt ", 8, MOST),
        (b"fmt ", 8, b"\xff\xff\xff\x7f"),
        (b"fmt ", 16, LEAST),
        (b"fmt ", 18, b"\xff\xff"),
        (b"fmt ", 4, b"\3\0"),
        (b"fmt ", 0, MOST),
        (b"data", 0, LEAST),
        (b"data", 0, MOST),
        (b"RIFF", 0, MOST),
    ],
    "mp3": [
        (b"ID3", 3, b"\x7f" * 4),
        (b"ID3", 3, MOST),
        (b"Info", 4, MOST),
        (b"Info", 4, LEAST),
        (b"Info", 8, MOST),
    ],
    "flac": [
        (b"fLaC", 4, LEAST),
        (b"fLaC", 14, LEAST),
        (b"fLaC", 14, MOST),
        (b"fLaC", 18, MOST),
        (b"fLaC", 1, MOST[:3]),
    ],
    "ogg": [
        (b"OggS", 2, MOST * 2),
        (b"OggS", 2, NEGATIVE * 2),
        (b"OpusHead", 1, b"\0"),
        (b"OpusHead", 1, b"\xff"),
        (b"OpusHead", 2, b"\xff\xff"),
        (b"OpusHead", 4, LEAST),
        (b"OpusTags", 0, MOST),
    ],
    "m4a": [
        (b"mdhd", 12, LEAST),
        (b"mdhd", 12, MOST),
        (b"mdhd", 16, NEGATIVE),
        (b"stts", 12, NEGATIVE),
        (b"mp4a", 16, LEAST * 2),
        (b"mp4a", 24, MOST),
        (b"stsz", 8, MOST),
        (b"moov", -4, MOST),
        (b"mdat", -4, LEAST),
    ],
    "mp4": [
        (b"mvhd", 12, LEAST),
        (b"mvhd", 12, NEGATIVE),
        (b"mvhd", 16, NEGATIVE),
        (b"mdhd", 12, LEAST),
        (b"mdhd", 16, NEGATIVE),
        (b"tkhd", 76, LEAST * 2),
        (b"tkhd", 76, MOST * 2),
        (b"avc1", 24, LEAST),
        (b"avc1", 24, MOST),
        (b"stts", 12, LEAST),
        (b"stts", 12, b"\x7f\xff\xff\xff"),
        (b"stts", 12, NEGATIVE),
        (b"stsz", 8, MOST),
        (b"stsz", 4, MOST),
        (b"stco", 8, MOST),
        (b"elst", 12, NEGATIVE),
        (b"stsd", 12, b"nope"),
        (b"hdlr", 24, b"\xff\xfe\xff"),
        (b"avc1", 0, b"\xff\xfe" * 8),
    ],
    "webm": [
        (b"\x2a\xd7\xb1", 1, LEAST[:3]),
        (b"\x2a\xd7\xb1", 1, MOST[:3]),
        (b"\x44\x89", 1, NAN),
        (b"\x44\x89", 1, MINUS),
        (b"\xb0", 1, b"\0"),
        (b"\xb0", 1, b"\xff"),
        (b"\xb5", 1, NAN),
        (b"\xe7", 1, b"\xff"),
        (b"V_VP9", -5, b"V_\xff\xff\xff"),
        (b"Lavf", 0, MOST),
    ],
}

PICTURES, RECORDINGS, FILMS = (
    ("png", "jpg", "webp", "gif"),
    ("wav", "mp3", "flac", "ogg", "m4a"),
    ("mp4", "webm"),
)


def absurd(kind):
    whole = WHOLE[kind]()
    for mark, offset, value in ABSURD[kind]:
        place = whole.index(mark) + len(mark) + offset
        if offset == -4:
            place -= len(mark)  # the size of a chunk or box stands before its name
        yield whole[:place] + value + whole[place + len(value) :]


def damaged(kind):
    """The file cut off at several places, and with some bits turned or bytes lost, mostly near its start."""
    whole, random = WHOLE[kind](), np.random.default_rng([len(kind), ord(kind[0]), ord(kind[-1])])
    yield from (
        whole[:size] for size in (1, 9, 30, 100, len(whole) // 2, len(whole) * 9 // 10, len(whole) - 1)
    )
    for reach in (48, 48, 256, 256, 1024, 4096, len(whole), len(whole)):
        broken = bytearray(whole)
        for place in random.integers(0, min(reach, len(whole)), 4):
            broken[place] ^= 1 << int(random.integers(8))
        yield bytes(broken)
        place = int(random.integers(4, min(reach, len(whole))))
        yield whole[:place] + whole[place + int(random.integers(1, 40)) :]


def look_at_picture(path):
    load_image(path.read_bytes())


def listen(path):
    AudioSource.open(path).probe()
    AudioSource.open(path.read_bytes()).read()


def watch(path):
    if film_path(path) is not None:
        frames, _ = frames_at(path, 10.0)
        assert all(frame.shape[2] == 3 for frame in islice(frames, 50))


def listen_as_training_does(path):
    assert np.isfinite(sound_after(path, 0.0, 16_000)).all()


READERS = {
    "picture": (probe_picture, look_at_picture),
    "recording": (lambda path: probe_recording(path, seconds=60), listen),
    "film": (
        lambda path: probe_film(path, pixels=4_000_000, seconds=60),
        watch,
        listen,
        listen_as_training_does,
        lambda path: list(glance(path, 3)),
        read_info,
    ),
}
DECODING = (watch, listen_as_training_does)  # whose errors their callers translate


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """An empty folder that temporary files would go to; reading what never ends ends the run."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    faulthandler.dump_traceback_later(HANGS, exit=True)
    yield folder
    faulthandler.cancel_dump_traceback_later()


def attempt(reader, path):
    try:
        reader(path)
    except SonicError as error:
        return str(error)
    except av.FFmpegError as error:
        if reader not in DECODING:
            raise AssertionError(f"{reader} raised {error!r}") from error
    return ""


def opened():
    return len(list(FILES.iterdir())) if FILES.exists() else 0


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("broken", [absurd, damaged])
def test_broken_files_are_read_or_refused(kind, broken, tmp_path, scratch):
    readers = READERS["picture" if kind in PICTURES else "recording" if kind in RECORDINGS else "film"]
    path = tmp_path / f"upload.{kind}"
    path.write_bytes(WHOLE[kind]())
    whole = [attempt(reader, path) for reader in readers]
    assert not any(whole)
    before = opened()
    for content in broken(kind):
        path.write_bytes(content)
        told = [attempt(reader, path) for reader in readers]
        assert all(sentence.endswith(".") for sentence in told if sentence)
    assert opened() <= before
    assert not list(scratch.iterdir())
    assert set(tmp_path.iterdir()) == {scratch, path}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_recording_of_no_numbers_is_refused(value):
    whole = bytearray(recording("wav", "pcm_f32le"))
    place = whole.index(b"data") + 8
    whole[place + 4000 : place + 4004] = struct.pack("<f", value)
    with pytest.raises(AudioError, match="NaN or infinity"):
        AudioSource.open(bytes(whole)).probe()


@pytest.mark.parametrize("rate", [0, 1, 2**31 - 1])
def test_a_recording_of_an_absurd_rate_is_refused(rate):
    whole = bytearray(recording("wav", "pcm_s16le"))
    place = whole.index(b"fmt ") + 12
    whole[place : place + 4] = struct.pack("<I", rate)
    with pytest.raises(AudioError, match="sample rate|cannot be decoded"):
        AudioSource.open(bytes(whole)).probe()


def test_memory_that_runs_out_is_not_taken_for_a_damaged_packet(monkeypatch):
    """Or a sound with holes would be taken for a good one; the cause says what it was."""
    whole = recording("mp3", "libmp3lame")
    source = AudioSource.open(whole)
    source.probe()
    opened = av.open(io.BytesIO(whole))

    class Poor:
        """One packet of many finds no memory."""

        streams = opened.streams

        def demux(self, stream):
            for number, packet in enumerate(opened.demux(stream)):
                if number == 3:
                    raise av.error.MemoryError(12, "Cannot allocate memory")
                yield packet

        def __enter__(self):
            return self

        def __exit__(self, *_):
            opened.close()

    monkeypatch.setattr("sonic.media.audio.open_container", lambda _: Poor())
    with pytest.raises(AudioError) as caught:
        source.read()
    assert isinstance(caught.value.__cause__, MemoryError)
