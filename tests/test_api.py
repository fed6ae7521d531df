from __future__ import annotations

import io
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import av
import numpy as np
import pytest
from PIL import Image

import sonic
from sonic.media.audio import AudioSource


@pytest.fixture(scope="module")
def short(model, portrait_path, speech_path, quick):
    return model.generate(audio=speech_path, image=portrait_path, duration=1.0, **quick)


def test_the_documented_story_word_for_word(tmp_path, portrait_path, speech_path):
    (tmp_path / "portrait.jpg").write_bytes(portrait_path.read_bytes())
    model = sonic.load_model("sonic-base")
    config = {"duration": 0.4, "min_resolution": 256, "expand_ratio": 0.15, "inference_steps": 25,
              "dynamic_scale": 1.1, "motion_scale": 1.05, "lip_sync_refinement": True,
              "temporal_smoothing": True}  # fmt: skip
    video = model.generate(audio=str(speech_path), image=str(tmp_path / "portrait.jpg"), **config)
    path = video.export(str(tmp_path / "output.mp4"))
    assert path == tmp_path / "output.mp4"
    assert sonic.read_metadata(str(path))["config"]["dynamic_scale"] == 1.1


def test_a_video_knows_itself(short, model):
    assert (short.fps, short.frame_count, short.duration, short.size) == (25.0, 25, 1.0, (256, 256))
    assert (short.seed, short.config.seed, short.model) == (7, 7, model.name)
    assert short.timings["analyse"] > 0
    assert "25 frames" in repr(short)
    assert short._repr_html_().startswith("<figure><img src=")


def test_frames_come_one_by_one_and_again(short):
    frames = short.frames()
    first = [frame.copy() for frame in itertools.islice(frames, 3)]
    frames.close()
    assert first[0].shape == (256, 256, 3)
    assert first[0].dtype == np.uint8
    again = list(short.frames())
    assert len(again) == 25
    for one, other in zip(first, again, strict=False):
        np.testing.assert_array_equal(one, other)


def test_every_frame_can_be_watched_while_it_is_written(short, tmp_path):
    seen = []
    short.export(tmp_path / "talk.mp4", on_frame=seen.append)
    np.testing.assert_array_equal(np.stack(seen), np.stack(list(short.frames())))


def test_the_seed_decides(model, portrait_path, speech_path, quick):
    def first_frames(seed):
        options = quick | {"seed": seed, "duration": 0.4}
        return np.stack(list(model.stream(audio=speech_path, image=portrait_path, **options)))

    np.testing.assert_array_equal(first_frames(3), first_frames(3))
    assert (first_frames(3) != first_frames(4)).any()


def test_a_drawn_seed_is_recorded_and_repeats(model, portrait_path, speech_path, quick):
    options = quick | {"seed": None, "duration": 0.2}
    drawn = model.generate(audio=speech_path, image=portrait_path, **options)
    again = model.generate(audio=speech_path, image=portrait_path, **options | {"seed": drawn.seed})
    for one, other in zip(drawn.frames(), again.frames(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("fps", [25.0, 30.0, 12.5, 29.97])
def test_the_length_is_the_audios_to_the_frame(model, portrait_path, tone, tmp_path, quick, fps):
    video = model.generate(audio=(tone(0.93), 16_000), image=portrait_path, fps=fps, **quick)
    assert not [warning for warning in video.warnings if "duration" in warning]
    assert video.frame_count == round(0.93 * fps)
    path = video.export(tmp_path / "talk.mp4")
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == round(0.93 * fps)
    assert len(AudioSource.open(path).read(48_000)) == pytest.approx(48_000 * video.duration, abs=48)


@pytest.mark.parametrize(("asked", "given", "word"), [(9.0, 0.93, "longer"), (0.5, 0.5, "shorter")])
def test_another_duration_than_the_audios_warns(model, portrait_path, tone, quick, asked, given, word):
    video = model.generate(audio=(tone(0.93), 16_000), image=portrait_path, duration=asked, **quick)
    assert video.frame_count == round(given * 25)
    assert any(f"{word} than the recording" in warning for warning in video.warnings)


def test_leaving_the_recommended_range_warns(model, portrait_path, speech_path, quick):
    video = model.generate(audio=speech_path, image=portrait_path, **quick)
    assert [warning.split()[0] for warning in video.warnings] == ["min_resolution", "inference_steps"]


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif", ".png"])
def test_every_format(short, tmp_path, suffix):
    path = short.export(tmp_path / f"talk{suffix}")
    assert sonic.read_metadata(path)["seed"] == 7
    count = (
        len(list(path.glob("*.png"))) if path.is_dir() else sum(1 for _ in av.open(str(path)).decode(video=0))
    )
    assert count == 25


def test_portraits_and_recordings_of_every_kind(model, portrait_path, speech_path, quick):
    samples = AudioSource.open(speech_path).read(24_000)
    pixels = np.asarray(Image.open(portrait_path))
    images = [
        portrait_path.read_bytes(),
        io.BytesIO(portrait_path.read_bytes()),
        Image.fromarray(pixels),
        pixels,
    ]
    audios = [speech_path.read_bytes(), io.BytesIO(speech_path.read_bytes()), (samples, 24_000), samples]
    reference = None
    for image, audio in zip(images, audios, strict=True):
        # The watermark's number comes from the bytes that were handed in, which differ here.
        options = quick | {"duration": 0.2, "sample_rate": 24_000, "watermark": False}
        frames = np.stack(list(model.stream(audio=audio, image=image, **options)))
        reference = frames if reference is None else reference
        np.testing.assert_array_equal(frames, reference)


def test_progress_tells_the_stages_in_order(model, portrait_path, speech_path, quick, tmp_path):
    seen = []
    video = model.generate(
        audio=speech_path, image=portrait_path, duration=0.4, on_progress=seen.append, **quick
    )
    assert {report.stage for report in seen} == {"audio", "portrait"}
    video.export(tmp_path / "talk.mp4")
    stages = list(dict.fromkeys(report.stage for report in seen))
    assert stages == ["audio", "portrait", "motion", "frames", "finish"]
    for stage in stages:
        last = [report for report in seen if report.stage == stage][-1]
        assert last.done == last.total
        assert last.eta in {0.0, None}
    frames = [report.done for report in seen if report.stage == "frames"]
    assert frames == list(range(11))


@pytest.mark.parametrize("stage", ["audio", "portrait", "motion", "frames", "finish"])
def test_raising_in_on_progress_cancels(model, portrait_path, speech_path, quick, tmp_path, stage):
    def stop(report):
        if report.stage == stage and report.done == report.total:
            raise sonic.Cancelled("enough")

    with pytest.raises(sonic.Cancelled, match="enough"):
        model.generate(
            audio=speech_path, image=portrait_path, duration=0.4, on_progress=stop, **quick
        ).export(tmp_path / "talk.mp4")
    if stage != "finish":
        assert list(tmp_path.iterdir()) == []


def test_bad_input_is_found_before_generate_returns(model, portrait_path, speech_path, tmp_path):
    empty_wall = Image.new("RGB", (400, 400), (180, 170, 160))
    for arguments, error in [
        ({"dynamic_scales": 1.0}, sonic.ConfigError),
        ({"fps": 5}, sonic.ConfigError),
        ({"config": {"fps": 25}}, sonic.ConfigError),
        ({"audio": tmp_path / "missing.wav"}, sonic.AudioError),
        ({"audio": (np.zeros(16_000, np.float32), 16_000)}, sonic.SilentAudioError),
        ({"audio": (np.ones(1000, np.float32), 16_000)}, sonic.AudioTooShortError),
        ({"audio": portrait_path}, sonic.NoAudioTrackError),
        ({"image": tmp_path / "missing.jpg"}, sonic.ImageError),
        ({"image": speech_path}, sonic.ImageError),
        ({"image": empty_wall}, sonic.NoFaceError),
        ({"face_index": 5}, sonic.FaceIndexError),
    ]:
        with pytest.raises(error):
            model.generate(**{"audio": speech_path, "image": portrait_path} | arguments)


def test_portraits_that_cannot_be_animated(model, portrait_path, speech_path):
    picture = Image.open(portrait_path)
    for image, error in [
        (picture.crop((0, 0, 225, 400)), sonic.FaceCutError),
        (picture.resize((150, 150)), sonic.FaceTooSmallError),
    ]:
        with pytest.raises(error):
            model.generate(audio=speech_path, image=image)


def test_of_several_faces_the_largest_is_taken_with_a_warning(model, portrait_path, speech_path, quick):
    head = Image.open(portrait_path).crop((100, 0, 340, 240))
    group = Image.new("RGB", (620, 400), (200, 195, 190))
    group.paste(head.resize((380, 380)), (240, 10))
    group.paste(head, (0, 80))
    options = quick | {"duration": 0.2, "crop": "full"}
    video = model.generate(audio=speech_path, image=group, **options)
    assert sum("2 faces" in warning for warning in video.warnings) == 1
    second = model.generate(audio=speech_path, image=group, face_index=1, **options)
    assert not any("faces" in warning for warning in second.warnings)
    assert second.size[0] > video.size[0]  # the smaller face must be drawn larger to reach min_resolution


def test_a_wide_picture_is_not_blown_up_beyond_what_plays(model, portrait_path, tone, quick):
    wide = Image.new("RGB", (3000, 600), (200, 195, 190))
    wide.paste(Image.open(portrait_path), (1200, 50))
    options = quick | {"min_resolution": 512, "crop": "full"}
    video = model.generate(audio=(tone(0.2), 16_000), image=wide, **options)
    assert max(video.size) == 4096
    assert any("too large to play" in warning for warning in video.warnings)
    face = model.generate(audio=(tone(0.2), 16_000), image=wide, **options | {"crop": "face"})
    assert face.size == (512, 512)
    assert not face.warnings[1:]


def test_the_full_picture_keeps_what_is_not_animated(model, portrait_path, speech_path, quick):
    video = model.generate(audio=speech_path, image=portrait_path, duration=0.4, **quick | {"crop": "full"})
    frames = np.stack(list(video.frames()))
    assert (frames[:, -1, -1] == frames[0, -1, -1]).all()
    assert video.size[0] % 2 == video.size[1] % 2 == 0


def test_existing_outputs(short, tmp_path):
    path = tmp_path / "talk.mp4"
    path.write_text("mine")
    with pytest.raises(sonic.OutputExistsError):
        short.export(path, overwrite=False)
    assert path.read_text() == "mine"
    with pytest.raises(sonic.OutputPathError):
        short.export(tmp_path / "talk.avi")
    short.export(path)
    assert sonic.read_metadata(path)["seed"] == 7


@pytest.mark.parametrize("kind", ["path", "text", "file"])
def test_what_a_video_is_made_from_is_never_replaced(model, short, portrait_path, quick, tmp_path, kind):
    clip = short.export(tmp_path / "clip.mp4")
    content = clip.read_bytes()
    with clip.open("rb") as file:
        audio = {"path": clip, "text": str(clip), "file": file}[kind]
        video = model.generate(audio=audio, image=portrait_path, duration=0.2, **quick)
    for refuse in (video.check_export, video.export):
        with pytest.raises(sonic.OutputExistsError, match="made from"):
            refuse(tmp_path / "." / "clip.mp4")
    assert clip.read_bytes() == content


def test_a_model_and_a_video_serve_several_threads(model, portrait_path, speech_path, quick):
    video = model.generate(audio=speech_path, image=portrait_path, duration=0.8, **quick)
    alone = list(video.frames())
    with ThreadPoolExecutor(3) as pool:
        for frames in pool.map(lambda _: list(video.frames()), range(3)):
            np.testing.assert_array_equal(frames, alone)


def test_an_abandoned_iterator_leaves_no_thread_behind(short):
    before = threading.active_count()
    frames = short.frames()
    next(frames)
    assert threading.active_count() == before + 1
    frames.close()
    assert threading.active_count() == before


def test_an_unknown_model_lists_the_known_ones(tmp_path):
    with pytest.raises(sonic.ModelNotFoundError, match="sonic-base"):
        sonic.load_model("sonic-bass")
    with pytest.raises(sonic.ModelNotFoundError, match="holds no model"):
        sonic.load_model(tmp_path)
    assert "sonic-base" in sonic.available_models()


def test_models_load_from_folders(model, tmp_path, monkeypatch):
    folder = tmp_path / "models" / "mine"
    folder.mkdir(parents=True)
    for file in model.folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    assert sonic.load_model(folder).self_test() == 25
    monkeypatch.setenv("SONIC_HOME", str(tmp_path))
    assert "mine" in sonic.available_models()
    assert sonic.load_model("mine").folder == folder


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 99}'])
def test_damaged_models_are_named(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(sonic.WeightsError, match="config.json|format"):
        sonic.load_model(tmp_path)


def test_an_unknown_device_is_named():
    with pytest.raises(sonic.DependencyError, match="tpu"):
        sonic.load_model("sonic-base", device="tpu")


def test_the_final_is_the_performance_of_the_preview(model, portrait_path, speech_path, quick):
    options = quick | {"min_resolution": None, "preset": "preview", "duration": 0.4}
    preview = model.generate(audio=speech_path, image=portrait_path, **options)
    final = preview.final(min_resolution=448)
    assert (preview.size, final.size) == ((384, 384), (448, 448))
    assert (final.seed, final.frame_count, final.config.preset) == (preview.seed, preview.frame_count, "high")
    for draft, fine in zip(preview.frames(), final.frames(), strict=True):
        smaller = np.asarray(Image.fromarray(fine).resize(preview.size, Image.Resampling.BOX))
        assert np.abs(smaller.astype(int) - draft).mean() < 3
    with pytest.raises(sonic.ConfigError, match="preset"):
        preview.final("huge")
