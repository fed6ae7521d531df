from __future__ import annotations

import pytest

from sonic.batch.folder import read_folder
from sonic.batch.items import Item, by_portrait, shard
from sonic.batch.manifest import read_manifest
from sonic.errors import ManifestError


@pytest.fixture
def listed(tmp_path):
    def read(text, name="list.jsonl"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return read_manifest(path)

    return read


def test_json_lines_name_files_options_and_output(listed, tmp_path):
    one, two = listed(
        '{"image": "a.jpg", "audio": "/sounds/a.wav", "seed": 7, "emotion": "happy", "output": "x/a.mp4"}\n'
        "\n"
        '{"image": "b.jpg", "audio": "b.wav", "face_points": "b.json", "output": null}\n'
    )
    assert (one.row, one.image, str(one.audio)) == (1, tmp_path / "a.jpg", "/sounds/a.wav")
    assert (one.options, one.output) == ({"seed": 7, "emotion": "happy"}, "x/a.mp4")
    assert (two.row, two.face_points, two.output, two.options) == (3, tmp_path / "b.json", None, {})


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_of_spreadsheets_mean_the_same(listed, delimiter):
    header = "\ufeffimage, audio ,seed,blink,dynamic_scale,speaker,fps"
    rows = ["a.jpg,a.wav,7,no,1.1,2,fast", '"b.jpg",b.wav,,,,,']
    text = "\n".join([header, *rows]).replace(",", delimiter)
    one, two = listed(text, "list.csv")
    assert one.options == {"seed": 7, "blink": False, "dynamic_scale": 1.1, "speaker": "2", "fps": "fast"}
    assert (two.row, two.image.name, two.options) == (3, "b.jpg", {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ('{"image": "a.jpg"', "Line 1 .* no JSON"),
        ("[1]", "Line 1 .* no object"),
        ('{"image": "a.jpg"}', "Line 1 .* no audio"),
        ('{"image": 3, "audio": "a.wav"}', "Line 1 .* no image"),
        ('{"image": "a.jpg", "audio": "a.wav", "sed": 3}', "unknown column 'sed'"),
    ],
)
def test_a_list_that_cannot_be_understood_is_refused(listed, text, message):
    with pytest.raises(ManifestError, match=message):
        listed(text)


def test_a_table_with_too_many_cells_is_refused(listed):
    with pytest.raises(ManifestError, match="unknown column"):
        listed("image,audio\na.jpg,a.wav,more\n", "list.csv")


def test_a_list_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "list.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ManifestError, match="UTF-8"):
        read_manifest(tmp_path / "list.jsonl")


def touch(folder, *names):
    for name in names:
        (folder / name).touch()


def test_files_of_one_name_go_together(tmp_path):
    touch(
        tmp_path,
        "anna.jpg",
        "anna.wav",
        "ben.PNG",
        "ben.mp3",
        "carl.webp",
        "dora.flac",
        "notes.txt",
        ".a.jpg",
    )
    items, notes = read_folder(tmp_path)
    assert [(item.image.name, item.audio.name) for item in items] == [
        ("anna.jpg", "anna.wav"),
        ("ben.PNG", "ben.mp3"),
    ]
    assert [note.split()[0] for note in notes] == ["'carl.webp'", "'dora.flac'"]


def test_one_portrait_speaks_all_recordings(tmp_path):
    touch(tmp_path, "anna.jpg", "one.wav", "two.mp4")
    items, notes = read_folder(tmp_path)
    assert [(item.row, item.image.name, item.audio.name) for item in items] == [
        (1, "anna.jpg", "one.wav"),
        (2, "anna.jpg", "two.mp4"),
    ]
    assert notes == ()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a.jpg"], "1 pictures and 0 recordings"),
        (["a.jpg", "b.jpg", "c.wav"], "name them alike"),
        (["a.jpg", "a.png", "a.wav"], "same name"),
    ],
)
def test_folders_in_which_nothing_goes_together_are_refused(tmp_path, names, message):
    touch(tmp_path, *names)
    with pytest.raises(ManifestError, match=message):
        read_folder(tmp_path)


def test_shards_share_the_work_and_keep_portraits_together(tmp_path):
    items = [Item(row, tmp_path / f"{row % 3}.jpg", tmp_path / f"{row}.wav") for row in range(1, 11)]
    parts = [shard(items, index, 4) for index in (1, 2, 3, 4)]
    assert [item for part in parts for item in part] == by_portrait(items)
    assert {len(part) for part in parts} == {2, 3}
    assert len({item.image for item in parts[0]}) == 1
    assert shard(items[:1], 1, 2) == []
