from __future__ import annotations

import json

import av
import numpy as np
import pytest

from sonic.errors import ConfigError, InputError, NoAudioTrackError
from sonic.evaluate.lags import lag_curve, peak
from sonic.face.landmarks import FaceTracker
from sonic.media.image import load_image
from sonic.train.prepare.clip_reader import track_video
from sonic.train.prepare.manifest import read_manifest
from sonic.train.prepare.offsets import shared_offsets
from sonic.train.prepare.stages import prepare
from sonic.train.prepare.summary import summarise
from sonic.train.prepare.tracks import Track


def test_stages_leave_what_training_needs(data, rows):
    index = json.loads((data / "index.json").read_text())
    assert [row["name"] for row in index] == [row.name for row in rows]
    assert sum(row["kept"] for row in index) >= 4
    for row in index:
        with np.load(data / "features" / f"{row['name']}.npz") as file:
            assert {"clean", "noisy", "slow", "fast"} <= set(file.files)
            assert file["clean"].shape == (128, 384)
        with np.load(data / "motion" / f"{row['name']}.npz") as file:
            assert file["motion"].shape[0] == row["frames"] == 64


def test_preparing_again_changes_nothing(data, rows):
    before = {path: path.stat().st_mtime_ns for path in data.glob("*/*.npz")}
    index = (data / "index.json").read_text()
    prepare(rows, data)
    assert {path: path.stat().st_mtime_ns for path in data.glob("*/*.npz")} == before
    assert (data / "index.json").read_text() == index


def test_summary_names_sources_and_reasons(data, rows):
    text = summarise(prepare(rows, data))
    assert "person3 train" in text
    assert "correlation" in text


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
    offsets = shared_offsets(curves([2.0] * 12), [30] * 12)
    assert all(offset.frames == pytest.approx(2, abs=0.3) for offset in offsets)
    assert len({offset.frames for offset in offsets}) == 1


def test_a_source_that_disagrees_leaves_clips_alone():
    offsets = shared_offsets(curves([-4, 3] * 6), [100] * 11 + [30])
    assert offsets[0].frames == pytest.approx(-4, abs=0.5)
    assert offsets[1].frames == pytest.approx(3, abs=0.5)
    assert offsets[-1] is None


def test_a_track_is_cut_where_the_face_is_lost_or_jumps(talk):
    track = talk(0)
    track.landmarks[10] = np.nan
    track.landmarks[40:, :, 0] += 200
    assert track.longest_run() == slice(11, 40)


def test_a_track_survives_saving(talk, tmp_path):
    track = talk(1)
    track.save(tmp_path / "track.npz")
    loaded = Track.load(tmp_path / "track.npz")
    assert np.array_equal(loaded.landmarks, track.landmarks)
    assert np.allclose(loaded.sound, track.sound, atol=1e-4)


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


def test_a_video_is_tracked_at_25_frames_a_second(video):
    track = track_video(video(sound=True), FaceTracker())
    assert len(track.landmarks) == 25
    assert (track.score > 0.5).all()
    assert len(track.sound) == pytest.approx(16_000, abs=1500)


def test_a_silent_video_is_refused(video):
    with pytest.raises(NoAudioTrackError, match="no sound"):
        track_video(video(sound=False), FaceTracker())


def test_a_file_that_is_no_video_is_refused(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_text("not a video")
    with pytest.raises(InputError, match="cannot be decoded"):
        track_video(path, FaceTracker())


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
