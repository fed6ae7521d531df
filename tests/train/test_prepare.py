from __future__ import annotations

from dataclasses import replace

import av
import numpy as np
import pytest
from click.testing import CliRunner

from sonic.errors import ConfigError, InputError
from sonic.evaluate.lags import lag_curve, peak
from sonic.media.image import load_image
from sonic.train.cli import train
from sonic.train.prepare.index import read_index
from sonic.train.prepare.manifest import read_manifest
from sonic.train.prepare.offsets import own_offsets, shared_offsets, source_offset
from sonic.train.prepare.settings import PrepareSettings
from sonic.train.prepare.stages import prepare
from sonic.train.prepare.summary import summarise
from sonic.train.prepare.tracks import Footage
from sonic.train.prepare.watch import watch


@pytest.fixture(scope="module")
def index(data):
    return {clip.name: clip for clip in read_index(data)}


def test_people_who_speak_are_kept(index):
    people = [clip for name, clip in index.items() if name.startswith("person")]
    assert len(people) == 7
    assert all(clip.kept and clip.frames == 64 for clip in people)
    assert all(abs(clip.offset) < 1 for clip in people)


def test_a_cut_parts_two_clips(index):
    assert [(index[name].start, index[name].frames) for name in ("cut", "cut-2")] == [(0, 32), (32, 32)]


def test_of_two_faces_the_one_that_speaks_is_kept(index):
    pair = sorted((index["pair"], index["pair-2"]), key=lambda clip: clip.kept)
    assert [clip.kept for clip in pair] == [False, True]
    assert pair[0].reason == "another face in the picture speaks"
    assert pair[1].correlation > pair[0].correlation


@pytest.mark.parametrize(("name", "reason"), [("silent", "silent"), ("faceless", "no face for long enough")])
def test_what_cannot_be_used_is_dropped_with_a_reason(index, name, reason):
    assert not index[name].kept
    assert index[name].reason == reason


def test_late_sound_is_noticed(index):
    assert index["late"].offset == pytest.approx(3, abs=0.7)


def test_the_command_changes_nothing_that_is_done(data, rows):
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    times = {path: path.stat().st_mtime_ns for path in data.glob("*/*.npz")}
    table = rows[0].file.with_name("clips.tsv")
    done = CliRunner().invoke(train, ["prepare", str(table), "-o", str(data)], catch_exceptions=False)
    assert "person3 train: 1 of 1 clips kept" in done.output
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before
    assert {path: path.stat().st_mtime_ns for path in data.glob("*/*.npz")} == times


def test_another_limit_needs_no_second_look_at_the_videos(data, rows, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("tracks", "clips", "features"):
        (folder / name).symlink_to(data / name)
    before = {path: path.stat().st_mtime_ns for path in data.glob("*/*.npz")}
    clips = prepare(rows, folder, PrepareSettings(smallest_face=79.0))
    assert "face too small" in {clip.reason for clip in clips}
    assert {path: path.stat().st_mtime_ns for path in data.glob("*/*.npz")} == before


def test_summary_names_sources_and_reasons(data):
    text = summarise(read_index(data))
    assert "person3 train" in text
    assert "dropped 1: silent" in text


@pytest.mark.parametrize("lag", [-3, 0, 2])
def test_lag_is_found(lag):
    seen = np.random.default_rng(0).normal(size=200)
    found = peak(lag_curve(np.roll(seen, lag), seen))
    assert found.frames == pytest.approx(lag, abs=0.2)
    assert found.correlation > 0.9


def curves(lags, noise=0.05):
    rng = np.random.default_rng(0)
    places = np.arange(-8, 9)
    return [np.exp(-0.5 * ((places - lag) / 1.5) ** 2) + rng.normal(0, noise, 17) for lag in lags]


def test_a_source_that_agrees_shares_its_offset():
    seen = curves([2.0] * 12)
    shared = source_offset(seen, [30] * 12)
    assert shared == pytest.approx(2, abs=0.3)
    offsets = shared_offsets(seen, ["somebody"] * 6 + ["somebody else"] * 6, shared)
    assert {offset.frames for offset in offsets} == {shared}


def test_people_with_enough_clips_have_an_offset_of_their_own():
    seen = curves([2.0] * 20 + [0.8] * 10 + [0.8] * 3)
    people = ["usual"] * 20 + ["early"] * 10 + ["rare"] * 3
    shared = source_offset(seen, [30] * 33)
    offsets = dict(
        zip(people, (offset.frames for offset in shared_offsets(seen, people, shared)), strict=True)
    )
    assert offsets["usual"] == pytest.approx(2, abs=0.2)
    assert offsets["early"] == pytest.approx(0.8, abs=0.2)
    assert offsets["rare"] == shared


def test_a_source_that_disagrees_leaves_clips_alone():
    seen, lengths = curves([-4, 3] * 6), [100] * 11 + [30]
    assert source_offset(seen, lengths) is None
    offsets = own_offsets(seen, lengths)
    assert offsets[0].frames == pytest.approx(-4, abs=0.5)
    assert offsets[1].frames == pytest.approx(3, abs=0.5)
    assert offsets[-1] is None


def test_footage_survives_saving(talk, tmp_path):
    track = replace(talk(1), measures={"width": 80.0}, thumbnail=b"picture")
    footage = Footage(np.linspace(-1, 1, 999, dtype=np.float32), (track,), 64, 1, "", b"first")
    footage.save(tmp_path / "footage.npz")
    loaded = Footage.load(tmp_path / "footage.npz")
    assert np.array_equal(loaded.tracks[0].landmarks, track.landmarks)
    assert loaded.tracks[0].measures == track.measures
    assert loaded.tracks[0].thumbnail == b"picture"
    assert np.allclose(loaded.sound, footage.sound, atol=1e-4)
    assert (loaded.frames, loaded.cuts, loaded.thumbnail) == (64, 1, b"first")


@pytest.fixture
def video(tmp_path, portrait_path):
    """Makes one second of the example portrait at 30 frames a second, with or without a tone."""

    def make(*, sound):
        path = tmp_path / "clip.mp4"
        picture = load_image(portrait_path)
        picture = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=30)
            stream.height, stream.width = picture.shape[:2]
            stream.pix_fmt, stream.options = "yuv420p", {"preset": "ultrafast"}
            voice = container.add_stream("aac", rate=48_000, layout="mono") if sound else None
            for _ in range(30):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
            container.mux(stream.encode())
            if voice is not None:
                tone = np.sin(np.arange(48_000) / 20)[None].astype(np.float32)
                frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
                frame.sample_rate = 48_000
                container.mux(voice.encode(frame))
                container.mux(voice.encode())
        return path

    return make


def test_a_video_is_watched_at_25_frames_a_second(video):
    footage = watch(video(sound=True))
    assert footage.frames == 25
    assert len(footage.tracks) == 1
    assert (footage.tracks[0].score > 0.5).all()
    assert len(footage.sound) == pytest.approx(16_000, abs=1500)


def test_a_video_without_sound_is_no_use(video):
    assert watch(video(sound=False)).problem == "no sound"


def test_a_file_that_is_no_video_is_no_use(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_text("not a video")
    assert watch(path).problem == "cannot be decoded"


def test_videos_of_nobody_are_refused(rows, tmp_path):
    faceless = [row for row in rows if row.name == "faceless"]
    with pytest.raises(InputError, match="No training clip"):
        prepare(faceless, tmp_path)


def test_a_folder_is_a_manifest(tmp_path):
    for name in ("a/one.mp4", "b/two.webm", "b/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    rows = read_manifest(tmp_path)
    assert [(row.name, row.source, row.split) for row in rows] == [
        ("a__one", "a", "train"),
        ("b__two", "b", "train"),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("path\nx.mp4\n", "no column 'file'"),
        ("file\tperson\tsplit\na.mp4\tanna\ttrain\nb.mp4\tanna\tdev\n", "'anna' is in train and in dev"),
        ("file\tsplit\na.mp4\ttest\n", "'test'"),
        ("file\n", "lists no videos"),
    ],
)
def test_manifest_mistakes_are_named(tmp_path, text, problem):
    path = tmp_path / "clips.tsv"
    path.write_text(text)
    with pytest.raises(ConfigError, match=problem):
        read_manifest(path)
