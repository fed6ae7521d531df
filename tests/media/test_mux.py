from __future__ import annotations

import json
import sys
import threading
import time
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from sonic.errors import DiskSpaceError, ExportError, OutputExistsError, OutputPathError
from sonic.media.audio import AudioSource
from sonic.media.film import Film
from sonic.media.metadata import read_info, read_metadata
from sonic.media.mux import open_writer
from sonic.media.output import resolve_output

resource = pytest.importorskip("resource") if sys.platform != "win32" else None

PROVENANCE = {"generator": "sonic 0.0", "model": "tiny", "seed": 7, "config": {"fps": 25.0}}
RATE = 48_000


def make_film(frame_count=50, fps=25.0, size=(96, 64), samples=None):
    samples = np.zeros(RATE, np.float32) if samples is None else samples
    return Film(size, fps, frame_count, AudioSource.open((samples, RATE)), PROVENANCE)


def write(path, film, frames=None, *, overwrite=False):
    grey = np.full((film.size[1], film.size[0], 3), 90, np.uint8)
    with open_writer(path, film, overwrite=overwrite) as writer:
        for index in range(film.frame_count):
            writer.write(grey if frames is None else frames[index])
    return path


def decode(path):
    with av.open(str(path)) as container:
        return [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@pytest.mark.parametrize(("fps", "frame_count"), [(25.0, 60), (30.0, 37), (29.97, 61), (12.5, 1)])
def test_sound_and_picture_have_exactly_the_same_length(tmp_path, suffix, fps, frame_count):
    samples = np.random.default_rng(0).normal(0, 0.1, RATE * 6).astype(np.float32)
    path = write(tmp_path / f"film{suffix}", make_film(frame_count, fps, samples=samples))
    times = [time for time, _ in decode(path)]
    np.testing.assert_allclose(times, np.arange(frame_count) / fps, atol=1.1e-3)
    sound = AudioSource.open(path).read(RATE)
    assert abs(len(sound) - frame_count / fps * RATE) <= 0.001 * RATE


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_a_click_comes_with_its_flash(tmp_path, suffix):
    flashes = [5, 30, 44]
    samples = np.zeros(2 * RATE, np.float32)
    frames = [np.zeros((64, 96, 3), np.uint8) for _ in range(50)]
    for flash in flashes:
        frames[flash][:] = 255
        samples[flash * RATE // 25 + np.arange(-24, 24)] = np.hanning(48) * 0.9
    path = write(tmp_path / f"film{suffix}", make_film(samples=samples), frames)
    sound = np.abs(AudioSource.open(path).read(RATE))
    shown = [(time, picture.mean()) for time, picture in decode(path)]
    assert [round(time * 25) for time, brightness in shown if brightness > 128] == flashes
    for flash in flashes:
        begin = flash * RATE // 25 - RATE // 50
        click = begin + int(sound[begin : begin + RATE // 25].argmax())
        assert abs(click / RATE - flash / 25) < 0.001


@pytest.mark.parametrize(
    "name", ["12:30.mp4", "file:talk.mp4", "talk %03d.gif", "日本 [x].webm", "x" * 250 + ".mp4"]
)
@pytest.mark.skipif(sys.platform == "win32", reason="file names with a colon")
def test_any_file_name(tmp_path, monkeypatch, name, wav, tone):
    monkeypatch.chdir(tmp_path)
    recording = Path(name).with_suffix(".wav")
    recording.write_bytes(wav(tone(1.0)))
    assert AudioSource.open(recording).probe().duration == 1.0
    assert read_metadata(write(Path(name), make_film(5))) == PROVENANCE


def test_a_stereo_recording_stays_stereo(tmp_path, tone):
    samples = np.stack([tone(1.0, RATE), np.zeros(RATE, np.float32)], axis=1)
    path = write(tmp_path / "film.mp4", make_film(25, samples=samples))
    decoded = AudioSource.open(path).read(RATE, 2)
    assert np.abs(decoded[:, 0]).max() > 0.4
    assert np.abs(decoded[:, 1]).max() < 0.02


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif", ".png"])
@pytest.mark.parametrize("colour", [(200, 60, 40), (30, 160, 90), (40, 50, 210), (255, 255, 255)])
def test_colours_survive(tmp_path, suffix, colour):
    frames = [np.full((64, 96, 3), colour, np.uint8)] * 3
    path = write(resolve_output(tmp_path / f"film{suffix}"), make_film(3), frames)
    first = Image.open(path / "00000.png") if path.is_dir() else Image.fromarray(decode(path)[0][1])
    assert np.abs(np.asarray(first.convert("RGB")).mean(axis=(0, 1)) - colour).max() < 4


def test_the_files_say_how_to_read_their_colours(tmp_path):
    with av.open(str(write(tmp_path / "film.mp4", make_film(3)))) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_range, context.color_primaries, context.color_trc) == (
            1,
            1,
            1,
            1,
        )
        assert (context.name, context.pix_fmt, container.streams.audio[0].codec_context.name) == (
            "h264",
            "yuv420p",
            "aac",
        )


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif", ""])
def test_what_made_a_video_can_be_read_back(tmp_path, suffix):
    info = read_info(write(tmp_path / f"film{suffix}", make_film()))
    assert info.provenance == PROVENANCE
    assert (info.width, info.height, info.fps) == (96, 64, 25.0)
    assert info.duration == pytest.approx(2.0, abs=0.02)


def test_a_foreign_video_has_no_provenance(tmp_path):
    with av.open(str(tmp_path / "other.mp4"), "w") as output:
        track = output.add_stream("libx264", rate=25)
        track.width = track.height = 64
        output.mux(track.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")))
        output.mux(track.encode(None))
    assert read_metadata(tmp_path / "other.mp4") is None


def test_gif_keeps_every_frame_and_loops(tmp_path):
    frames = [np.full((64, 96, 3), index % 25 * 8, np.uint8) for index in range(50)]
    with Image.open(write(tmp_path / "film.gif", make_film(), frames)) as image:
        assert (image.n_frames, image.info["loop"], image.info["duration"]) == (50, 0, 40)
        image.seek(49)
        assert abs(int(np.asarray(image.convert("RGB")).mean()) - 192) < 6


@pytest.mark.parametrize(("fps", "shown"), [(30.0, 60), (50.0, 100), (60.0, 60)])
def test_a_gif_is_as_long_as_its_film(tmp_path, fps, shown):
    frames = [np.full((64, 96, 3), index, np.uint8) for index in range(round(2 * fps))]
    with Image.open(write(tmp_path / "film.gif", make_film(len(frames), fps), frames)) as image:
        delays = []
        for index in range(image.n_frames):
            image.seek(index)
            delays.append(image.info["duration"])
    assert len(delays) == shown
    assert min(delays) >= 20
    assert sum(delays) == pytest.approx(2000, abs=20)


def test_a_still_background_does_not_flicker_in_a_gif(tmp_path):
    still = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    frames = [still.copy() for _ in range(50)]
    for index, frame in enumerate(frames):
        frame[20:30, 20:30] = index * 5
    decoded = [picture for _, picture in decode(write(tmp_path / "film.gif", make_film(), frames))]
    assert all((picture[40:] == decoded[0][40:]).all() for picture in decoded)


def test_a_folder_of_pictures(tmp_path):
    frames = list(np.random.default_rng(0).integers(0, 256, (5, 64, 96, 3), np.uint8))
    folder = write(
        resolve_output(tmp_path / "film.png"), make_film(5, samples=np.full(RATE, 0.5, np.float32)), frames
    )
    assert folder == tmp_path / "film"
    assert sorted(file.name for file in folder.iterdir()) == [
        "00000.png", "00001.png", "00002.png", "00003.png", "00004.png", "audio.wav", "sonic.json",
    ]  # fmt: skip
    np.testing.assert_array_equal(np.asarray(Image.open(folder / "00003.png")), frames[3])
    assert json.loads((folder / "sonic.json").read_text()) == PROVENANCE
    with wave.open(str(folder / "audio.wav")) as sound:
        assert (sound.getnframes(), sound.getframerate()) == (RATE // 5, RATE)


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif", ""])
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_nothing_is_left_when_it_is_stopped(tmp_path, suffix, error):
    film = make_film()
    with pytest.raises(error), open_writer(tmp_path / f"film{suffix}", film, overwrite=False) as writer:
        for _ in range(30):
            writer.write(np.zeros((64, 96, 3), np.uint8))
        raise error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(resource is None, reason="file size limits are a POSIX thing")
@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif", ""])
def test_a_failing_write_is_told_and_cleaned_up(tmp_path, suffix):
    frames = list(np.random.default_rng(0).integers(0, 256, (50, 64, 96, 3), np.uint8))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        with pytest.raises(ExportError, match=f"film{suffix}' failed"):
            write(tmp_path / f"film{suffix}", make_film(), frames)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_an_existing_output_is_refused_and_kept_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_text("mine")
    with pytest.raises(OutputExistsError, match="already exists"):
        write(path, make_film(3))
    with pytest.raises(RuntimeError), open_writer(path, make_film(3), overwrite=True) as writer:
        writer.write(np.zeros((64, 96, 3), np.uint8))
        raise RuntimeError
    assert path.read_text() == "mine"
    assert read_metadata(write(path, make_film(3), overwrite=True)) == PROVENANCE


def test_only_our_own_folders_are_replaced(tmp_path):
    folder = write(tmp_path / "film", make_film(3))
    with pytest.raises(OutputExistsError, match="already exists"):
        write(folder, make_film(2))
    write(folder, make_film(2), overwrite=True)
    assert len(list(folder.glob("*.png"))) == 2
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "dog.png").touch()
    with pytest.raises(OutputExistsError, match="not written by Sonic"):
        write(tmp_path / "photos", make_film(2), overwrite=True)


def test_a_disk_that_is_too_small(tmp_path):
    with pytest.raises(DiskSpaceError, match="MB are free"):
        write(tmp_path / "film.mp4", make_film(10**12))


@pytest.mark.parametrize(
    ("name", "message"),
    [("film.avi", ".avi"), ("missing/film.mp4", "does not exist"), ("/dev/null/film.mp4", "does not exist")],
)
def test_outputs_that_cannot_be(tmp_path, name, message):
    with pytest.raises(OutputPathError, match=message):
        resolve_output(tmp_path / name)


def test_an_interrupt_that_loses_a_wake_up_does_not_hang(tmp_path, monkeypatch):
    def end(writer):
        waiting = writer._frames.not_empty
        while not waiting._waiters:
            time.sleep(0.01)
        monkeypatch.setattr(waiting, "notify", lambda: None)
        ending = threading.Thread(target=writer.close, daemon=True)
        ending.start()
        ending.join(timeout=20)
        assert not ending.is_alive()

    with (
        pytest.raises(KeyboardInterrupt),
        open_writer(tmp_path / "film.mp4", make_film(3), overwrite=True) as writer,
    ):
        end(writer)
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
