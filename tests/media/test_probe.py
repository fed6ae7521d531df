from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from sonic.errors import AudioError, AudioTooLongError, ImageError, ImageTooLargeError, NoAudioTrackError
from sonic.media.audio import AudioSource
from sonic.media.probe import probe_picture, probe_recording


@pytest.fixture
def written(tmp_path):
    """Writes bytes to a file."""

    def write(content, name="upload"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def png(width, height):
    stream = io.BytesIO()
    Image.fromarray(np.zeros((height, width, 3), np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def test_headers_say_what_a_file_is(portrait_path, speech_path):
    picture = probe_picture(portrait_path)
    assert (picture.format, picture.width, picture.height) == ("JPEG", 512, 512)
    recording = probe_recording(speech_path, seconds=60)
    assert (recording.format, recording.video) == ("wav", False)
    assert recording.duration == pytest.approx(AudioSource.open(speech_path).probe().duration, abs=0.1)


def test_limits(written, wav, tone):
    with pytest.raises(ImageTooLargeError, match=r"0\.01 megapixels"):
        probe_picture(written(png(128, 100)), pixels=10_000)
    with pytest.raises(ImageError, match="100x10"):
        probe_picture(written(png(100, 10)))
    with pytest.raises(AudioTooLongError, match="1 s"):
        probe_recording(written(wav(tone(1.3))), seconds=1.0)


def test_a_picture_that_claims_to_be_huge_is_refused_by_its_header(written):
    header = bytearray(png(64, 64))
    header[16:24] = (60_000).to_bytes(4, "big") * 2
    with pytest.raises((ImageTooLargeError, ImageError)):
        probe_picture(written(bytes(header)))


def test_what_is_something_else(written, portrait_path, speech_path):
    with pytest.raises(ImageError, match="not a picture"):
        probe_picture(speech_path)
    with pytest.raises(NoAudioTrackError):
        probe_recording(portrait_path, seconds=9)
    with pytest.raises(AudioError, match="none that can be read"):
        probe_recording(written(b"\0" * 1000), seconds=9)


def test_playlists_open_no_other_files(written, wav, tone):
    written(wav(tone(1.0)), "secret.wav")
    playlists = {
        "concat": b"ffconcat version 1.0\nfile 'secret.wav'\n",
        "hls": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.wav\n#EXT-X-ENDLIST\n",
        "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
    }
    for name, content in playlists.items():
        path = written(content, name)
        with pytest.raises(AudioError):
            probe_recording(path, seconds=9)
        with pytest.raises(AudioError):
            AudioSource.open(path).probe()
