from __future__ import annotations

import json
import struct

import av
import numpy as np
import pytest
from PIL import Image

from sonic.media.audio import AudioSource
from sonic.media.film import Film
from sonic.media.metadata import read_info
from sonic.media.mux import open_writer

PROVENANCE = {"generator": "sonic 0.0", "model": "tiny", "seed": 7, "config": {"fps": 25.0}}
LABEL = json.dumps({"Label": "1", "ContentProducer": "a<b&'c", "ProduceID": "5"}, separators=(",", ":"))
FORMS = ["talk.mp4", "talk.webm", "talk.gif", "talk"]


def write(path, label=LABEL):
    audio = AudioSource.open((np.zeros(48_000, np.float32), 48_000))
    film = Film((96, 64), 25.0, 5, audio, PROVENANCE, (), label)
    with open_writer(path, film, overwrite=True) as writer:
        for _ in range(film.frame_count):
            writer.write(np.full((64, 96, 3), 90, np.uint8))
    return path


def boxes(content):
    """Type and content of each box that lies directly in the content of an MP4 box."""
    while content:
        size, kind = struct.unpack(">I4s", content[:8])
        yield kind, content[8:size]
        content = content[size:]


def inside(content, *path):
    for kind in path:
        content = dict(boxes(content))[kind]
    return content


@pytest.mark.parametrize("name", FORMS)
def test_every_kind_of_file_says_that_it_is_synthetic(tmp_path, name):
    info = read_info(write(tmp_path / name))
    assert info.label == json.loads(LABEL)
    assert info.provenance == PROVENANCE


@pytest.mark.parametrize("name", FORMS)
def test_writing_again_replaces_the_label(tmp_path, name):
    write(tmp_path / name)
    path = write(tmp_path / name, LABEL.replace('"5"', '"6"'))
    assert read_info(path).label["ProduceID"] == "6"
    content = (path / "00000.png" if path.is_dir() else path).read_bytes()
    assert content.count(b"ContentProducer") == 1


@pytest.mark.parametrize("name", FORMS)
def test_without_a_label_only_the_origin_is_told(tmp_path, name):
    info = read_info(write(tmp_path / name, None))
    assert info.label is None
    assert info.provenance == PROVENANCE
    if not (tmp_path / name).is_dir():
        assert b"AI-generated" not in (tmp_path / name).read_bytes()


def test_mp4_keeps_the_label_where_the_standard_wants_it(tmp_path):
    content = write(tmp_path / "talk.mp4").read_bytes()
    assert [kind for kind, _ in boxes(content)][:2] == [b"ftyp", b"moov"]
    meta = inside(content, b"moov", b"udta", b"meta")[4:]  # behind version and flags
    keys = inside(meta, b"keys")
    names = [name for _, name in boxes(keys[8:])]
    assert names.count(b"AIGC") == 1
    values = [value for _, value in boxes(inside(meta, b"ilst"))]
    (data,) = boxes(values[names.index(b"AIGC")])
    assert data[1][8:] == LABEL.encode()


def test_a_remuxed_mp4_keeps_its_label(tmp_path):
    source = write(tmp_path / "talk.mp4")
    options = {"movflags": "use_metadata_tags"}
    with av.open(str(source)) as read, av.open(str(tmp_path / "copy.mp4"), "w", options=options) as copy:
        copy.metadata.update(read.metadata)
        streams = {stream: copy.add_stream_from_template(stream) for stream in read.streams}
        for packet in read.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream]
                copy.mux(packet)
    assert read_info(tmp_path / "copy.mp4").label == json.loads(LABEL)


def test_pictures_and_gifs_stay_readable(tmp_path):
    write(tmp_path / "talk")
    with Image.open(tmp_path / "talk" / "00003.png") as picture:
        picture.load()
        assert picture.text == {"AIGC": LABEL}
    with Image.open(write(tmp_path / "talk.gif")) as animation:
        assert animation.n_frames == 5


@pytest.mark.parametrize("attribute", ["TC260:AIGC='{}'", 'TC260:AIGC="{}"'])
def test_labels_that_others_wrote_into_gifs_are_read(tmp_path, attribute):
    path = write(tmp_path / "talk.gif", None)
    label = "{&quot;Label&quot;:&quot;2&quot;}"
    xmp = f"<rdf:Description {attribute.format(label)}/>".encode()
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"\x21\xff\x0bXMP DataXMP" + xmp + b"\x01\x00\x00\x3b")
    assert read_info(path).label == {"Label": "2"}
