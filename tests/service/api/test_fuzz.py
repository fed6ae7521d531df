"""Whatever is uploaded, the readers answer with an error of ours, or take it."""

from __future__ import annotations

import io

import pytest
from PIL import Image

pytest.importorskip("hypothesis", reason="the test-service extra is not installed")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonic.errors import InputError, ServiceError
from sonic.service.reading import MediaLimits, check_picture, check_recording

# Recordings are large for Hypothesis, which would rather print them whole.
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")

LIMITS = MediaLimits(pixels=4_000_000, seconds=30.0)
OURS = (InputError, ServiceError)
bounded = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def encoded_picture(kind):
    stream = io.BytesIO()
    Image.linear_gradient("L").resize((80, 70)).convert("RGB").save(stream, kind)
    return stream.getvalue()


def encoded_sound(wav, tone, suffix):
    import av

    stream = io.BytesIO()
    with (
        av.open(io.BytesIO(wav(tone(0.4)))) as source,
        av.open(stream, "w", format={"m4a": "mp4"}.get(suffix, suffix)) as target,
    ):
        codec = {"wav": "pcm_s16le", "mp3": "libmp3lame", "flac": "flac", "m4a": "aac", "ogg": "libopus"}[
            suffix
        ]
        track = target.add_stream(codec, rate=48_000)
        for frame in source.decode(audio=0):
            target.mux(track.encode(frame))
        target.mux(track.encode(None))
    return stream.getvalue()


@st.composite
def damaged(draw, content):
    """`content` with bytes changed, cut off, or put in, mostly near its start, where headers are."""
    data = bytearray(content)
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, min(len(data) - 1, draw(st.sampled_from([32, 256, len(data)])))))
        match draw(st.sampled_from(["change", "cut", "insert", "end"])):
            case "change":
                data[place] = draw(st.integers(0, 255))
            case "cut":
                del data[place : place + draw(st.integers(1, 64))]
            case "insert":
                data[place:place] = draw(st.binary(max_size=16))
            case "end":
                del data[max(1, place) :]
        data = data or bytearray(b"\0")
    return bytes(data)


def read(reader, path, content):
    path.write_bytes(content)
    try:
        reader(path)
    except OURS as error:
        message = str(error)
    else:
        message = ""
    assert str(path.parent) not in message


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_damaged_pictures(kind, tmp_path):
    from sonic.media.image import load_image

    def reader(path):
        check_picture(path, LIMITS)
        load_image(path.read_bytes())

    @bounded
    @given(content=damaged(encoded_picture(kind)))
    def attempt(content):
        read(reader, tmp_path / "upload", content)

    attempt()


@pytest.mark.parametrize("suffix", ["wav", "mp3", "flac", "m4a", "ogg"])
def test_damaged_recordings(suffix, tmp_path, wav, tone):
    from sonic.media.audio import AudioSource

    def reader(path):
        check_recording(path, LIMITS)
        AudioSource.open(path.read_bytes()).probe()

    @bounded
    @given(content=damaged(encoded_sound(wav, tone, suffix)))
    def attempt(content):
        read(reader, tmp_path / "upload", content)

    attempt()


@pytest.mark.parametrize("reader", [check_picture, check_recording])
def test_noise(reader, tmp_path):
    starts = st.sampled_from(
        [
            b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF", b"ID3\x04", b"OggS", b"fLaC", b"GIF89a",
            b"\x1aE\xdf\xa3", b"\0\0\0\x20ftypisom", b"#EXTM3U\n", b"ffconcat version 1.0\n", b"II*\0", b"BM",
            b"<?xml version='1.0'?>", b"%!PS-Adobe",
        ]
    )  # fmt: skip

    @bounded
    @given(start=starts, rest=st.binary(max_size=400))
    def attempt(start, rest):
        read(lambda path: reader(path, LIMITS), tmp_path / "upload", start + rest)

    attempt()
