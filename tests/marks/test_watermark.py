from __future__ import annotations

import io

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from sonic.marks.detect import detect
from sonic.marks.pattern import layers
from sonic.marks.payload import from_symbols, to_symbols
from sonic.marks.watermark import Watermark

MARK = "11c80363"


@pytest.fixture(scope="module")
def plain(portrait_path):
    """A second of a face, drawn as large as Sonic draws it, whose middle moves."""
    head = Image.open(portrait_path).convert("RGB").crop((96, 40, 416, 360))
    picture = np.asarray(head.resize((512, 512)))
    frames = [picture.copy() for _ in range(25)]
    for step, frame in enumerate(frames):
        frame[150:350, 180:330] = picture[150:350, 180 - step % 5 : 330 - step % 5]
    return frames


@pytest.fixture(scope="module")
def marked(plain):
    watermark = Watermark(MARK)
    return [watermark.on(frame) for frame in plain]


def h264(frames, crf):
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as output:
        track = output.add_stream("libx264", rate=25, options={"crf": str(crf)})
        track.height, track.width = frames[0].shape[:2]
        track.pix_fmt = "yuv420p"
        for frame in frames:
            output.mux(track.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        output.mux(track.encode(None))
    stream.seek(0)
    with av.open(stream) as source:
        return [frame.to_ndarray(format="rgb24") for frame in source.decode(video=0)]


def resized(frames, size):
    return [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames]


def cropped(frames):
    return [np.ascontiguousarray(frame[40:450, 70:480]) for frame in frames]


def test_nothing_is_changed_that_can_be_seen(plain, marked):
    error = np.square(np.subtract(marked, plain, dtype=np.float32)).mean()
    assert 10 * np.log10(255**2 / error) >= 42
    assert np.abs(np.subtract(marked[0], plain[0], dtype=np.int16)).max() <= 9


def test_every_frame_gets_the_same_mark(plain):
    watermark = Watermark(MARK)
    grey = np.full_like(plain[0], 128)
    first = watermark.on(plain[0])
    assert (watermark.on(grey).astype(int) - 128).any()
    np.testing.assert_array_equal(watermark.on(plain[0]), first)


def test_black_and_white_do_not_wrap_around():
    frame = np.zeros((64, 64, 3), np.uint8)
    frame[:32] = 255
    marked = Watermark(MARK).on(frame).astype(int)
    assert np.abs(marked - frame).max() < 10


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(lambda frames: frames, id="none"),
        pytest.param(lambda frames: h264(frames, 28), id="crf 28"),
        pytest.param(lambda frames: h264(resized(frames, (256, 256)), 28), id="half, crf 28"),
        pytest.param(lambda frames: h264(cropped(frames), 28), id="crop 80 %, crf 28"),
        pytest.param(lambda frames: resized(cropped(frames), (800, 800)), id="crop 80 %, enlarged"),
        pytest.param(lambda frames: frames[2:3], id="one frame"),
    ],
)
def test_the_mark_survives(marked, attack):
    found = detect(attack(marked)[::3])
    assert found.found
    assert found.mark == MARK
    assert found.probability < 1e-12


def test_the_part_that_is_left_is_told(marked):
    assert detect(cropped(marked[:3])).visible == pytest.approx(0.8, abs=0.01)
    assert detect(marked[:3]).visible == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("size", [(270, 480), (640, 360), (1000, 990)])
def test_any_size_can_be_marked(portrait_path, size):
    picture = np.asarray(Image.open(portrait_path).convert("RGB").resize(size))
    assert detect([Watermark("deadbeef").on(picture)]).mark == "deadbeef"


def test_pictures_without_a_mark_are_not_accused(plain):
    noise = np.random.default_rng(0).integers(0, 256, (4, 256, 256, 3), dtype=np.uint8)
    flat = [np.full((256, 256, 3), 90, np.uint8)]
    for frames in (plain[:3], h264(plain[:3], 28), noise[:1], noise[1:], flat, []):
        found = detect(frames)
        assert not found.found
        assert found.mark is None
        assert found.probability > 1e-3


def test_a_slip_of_reading_shows():
    symbols = to_symbols(MARK)
    assert from_symbols(symbols) == MARK
    for place in range(len(symbols)):
        wrong = [symbol ^ (64 if index == place else 0) for index, symbol in enumerate(symbols)]
        assert from_symbols(wrong) is None


def test_the_key_never_changes():
    waves = layers()[0].waves
    assert (len(waves), [int(wave) for wave in waves[:3]]) == (264, [469, 954, 690])
