from __future__ import annotations

import json
import tarfile

import numpy as np
import pytest

from sonic.clips import load_clips
from sonic.errors import ConfigError
from sonic.train.prepare.shards import clip_files, film_of, mixed_order, write_shards


@pytest.fixture(scope="module")
def clips(data):
    return load_clips(data, "train")


def test_shards_hold_what_was_kept(data, clips):
    index = json.loads((data / "index.json").read_text())
    kept = [row["name"] for row in index if row["kept"] and row["split"] == "train"]
    assert [clip.name for clip in clips] == sorted(kept)
    assert len(load_clips(data, "dev")) == 2


def test_everything_about_a_clip_has_its_length(clips):
    for clip in clips:
        assert set(clip.features) == {"clean", "noisy", "slow", "fast"}
        assert clip.features["clean"].shape == (128, 384)
        assert clip.motion.shape == (64, 29)
        assert clip.landmarks.shape == (64, 478, 3)
        assert clip.mouth.shape == (64, 3)
        assert clip.sound.shape == (64 * 640,)
        assert clip.crops().shape == (64, 96, 128, 3)


def test_crops_are_read_where_they_are_needed(clips):
    crops = clips[0].crops()
    assert np.array_equal(clips[0].crops(10, 5), crops[10:15])
    assert len(clips[0].crops(60, 50)) == 4


def test_crops_show_the_mouth(clips):
    clip = clips[0]
    opening = clip.mouth[:, 0]
    wide, shut = (clip.crops(int(at), 1)[0].astype(int) for at in (opening.argmax(), opening.argmin()))
    change = np.abs(wide - shut).mean(2)
    # Lips move inside the crop while the nose rests.
    assert change[35:60, 44:84].mean() > 1.4 * change[:10, 44:84].mean()


def test_without_augmentation_only_the_clean_sound_comes(data):
    assert {name for clip in load_clips(data, "dev", augmented=False) for name in clip.features} == {"clean"}


def test_arrays_can_be_written_to_and_the_shard_stays(data):
    clip = load_clips(data, "dev")[0]
    before = clip.motion[0, 0]
    clip.motion[0, 0] = before + 1
    assert load_clips(data, "dev")[0].motion[0, 0] == before


# The library leaves closing its files to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_webdataset_reads_shards(data, clips):
    webdataset = pytest.importorskip("webdataset", reason="a library that reads the same format")
    paths = sorted(str(path) for path in data.glob("shards/train-*.tar"))
    shards = webdataset.WebDataset(paths, shardshuffle=False).decode()
    samples = {sample["__key__"]: sample for sample in shards}
    assert sorted(samples) == [clip.name for clip in clips]
    sample = samples[clips[0].name]
    assert np.array_equal(sample["motion.npy"], clips[0].motion)
    assert np.array_equal(sample["features.clean.npy"], clips[0].features["clean"])
    assert sample["json"]["person"] == clips[0].person


def test_a_folder_without_shards_says_how_to_make_them(tmp_path):
    with pytest.raises(ConfigError, match="sonic train prepare"):
        load_clips(tmp_path, "train")


def test_a_damaged_shard_is_named(tmp_path):
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / "train-00000.tar").write_bytes(b"nothing" * 300)
    with pytest.raises(ConfigError, match=r"train-00000\.tar is damaged"):
        load_clips(tmp_path, "train")


@pytest.fixture
def small():
    """Makes a small clip for a shard."""

    def make(name):
        film = film_of(np.full((2, 96, 128, 3), 90, np.uint8))
        about = {"name": name, "person": "p", "source": "s", "start": 0.0, "stretch": {"clean": 1.0}}
        arrays = {"motion": np.ones((2, 3), np.float32), "features.clean": np.ones((4, 5), np.float16)}
        return name, clip_files(about, arrays, np.zeros(100, np.float32), film)

    return make


def test_shards_are_bounded_and_old_ones_go(small, tmp_path):
    clips = [small(f"clip{number}") for number in range(9)]
    size = sum(512 + -(-len(content) // 512) * 512 for content in clips[0][1].values())
    shards = write_shards(tmp_path, "train", clips, limit=2 * size)
    assert [path.name for path in shards] == [f"train-{number:05d}.tar" for number in range(5)]
    assert write_shards(tmp_path, "train", clips[:1], limit=2 * size) == shards[:1]
    assert sorted(tmp_path.iterdir()) == shards[:1]


def test_the_same_clips_make_the_same_bytes(small, tmp_path):
    clips = [small("a"), small("b")]
    first = write_shards(tmp_path / "one", "dev", clips, limit=10**9)[0].read_bytes()
    assert write_shards(tmp_path / "two", "dev", clips, limit=10**9)[0].read_bytes() == first


def test_another_format_is_refused(small, tmp_path):
    name, files = small("a")
    files["json"] = files["json"].replace(b'"format": 1', b'"format": 7')
    write_shards(tmp_path / "shards", "train", [(name, files)], limit=10**9)
    with pytest.raises(ConfigError, match="shard format 7, this Sonic reads 1"):
        load_clips(tmp_path, "train")


def test_long_names_fit(small, tmp_path):
    path = write_shards(tmp_path, "train", [small("x" * 180)], limit=10**9)[0]
    with tarfile.open(path) as shard:
        assert shard.getnames()[0].startswith("x" * 180)


def test_the_order_of_clips_mixes_people():
    names = [f"a{number}" for number in range(20)] + [f"b{number}" for number in range(20)]
    mixed = sorted(names, key=mixed_order)
    assert sum(name.startswith("a") for name in mixed[:20]) in range(4, 17)
