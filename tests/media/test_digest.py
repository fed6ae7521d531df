from __future__ import annotations

import hashlib
import io

import numpy as np

from sonic.media.audio import AudioSource
from sonic.media.digest import digest


def test_a_file_is_named_by_its_bytes_however_it_comes(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    expected = hashlib.sha256(b"content").hexdigest()
    read = io.BytesIO(b"content")
    read.read()
    assert {digest(source) for source in (path, str(path), b"content", bytearray(b"content"), read)} == {
        expected
    }


def test_what_cannot_be_read_again_has_no_name():
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    assert digest(Pipe(b"content")) is None


def test_arrays_are_named_by_content_type_and_shape():
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert digest(array) == digest(np.asfortranarray(array))
    assert len({digest(array), digest(array.T), digest(array.astype(np.int16)), digest(array.ravel())}) == 4


def test_a_recording_knows_its_digest(wav, tone):
    content = wav(tone(0.5))
    assert digest(AudioSource.open(content).content) == digest(content)
    assert digest(AudioSource.open((tone(0.5), 16_000)).content) == digest(tone(0.5))
