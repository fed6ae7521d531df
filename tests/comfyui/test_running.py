from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import stand_ins

import sonic

torch = pytest.importorskip("torch", reason="ComfyUI's images and sounds are PyTorch tensors")

QUICK = {"preset": "preview", "crop": "face", "inference_steps": 2, "fps": 10.0, "seed": 7}


@pytest.fixture
def sample(nodes):
    """The pack's own portrait and recording, as IMAGE and AUDIO."""
    return nodes["SonicSample"].execute().args


@pytest.fixture
def image(sample):
    return sample[0]


@pytest.fixture
def short(sample):
    """One second of the recording."""
    voice = sample[1]
    return {**voice, "waveform": voice["waveform"][..., : voice["sample_rate"]]}


@pytest.fixture
def generate(nodes, model):
    """Runs Sonic generate with quick options."""

    def run(portrait, voice, *, images=False, **options):
        return nodes["SonicGenerate"].execute(model, portrait, voice, images=images, **QUICK, **options)

    return run


def picture_of(path):
    with av.open(str(path)) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]


def test_the_sample_is_what_comfyui_expects(image, sample):
    assert image.shape == (1, 512, 512, 3)
    assert image.dtype == torch.float32
    assert 0 <= image.min() < image.max() <= 1
    assert sample[1]["waveform"].shape == (1, 1, 153_600)


def test_a_video_comes_out_and_can_be_played(comfy, generate, image, short):
    video, images, audio, fps, take, notes = generate(image, short).args
    path = Path(video[0].path)
    assert path.parent == comfy.base / "temp"
    assert len(picture_of(path)) == 10
    assert isinstance(images, stand_ins.Blocker)
    assert "turn on 'images'" in images.message
    assert audio[0]["waveform"].shape == (1, 1, 24_000)
    assert fps == [10.0]
    assert take[0].video.seed == 7
    assert "below the recommended" in notes[0]


def test_images_are_the_frames_of_the_video(generate, image, short):
    video, images, *_ = generate(image, short, images=True).args
    drawn = np.stack(picture_of(video[0].path)).astype(np.float32) / 255
    assert images[0].shape == drawn.shape
    assert images[0].dtype == torch.float32
    assert float(np.abs(images[0].numpy() - drawn).mean()) < 0.02


def test_too_many_frames_for_the_memory_are_refused(comfy, generate, image, short):
    comfy.free_memory = 1e6
    with pytest.raises(MemoryError, match="turn off 'images'"):
        generate(image, short, images=True)


def test_progress_grows_to_the_end_and_shows_pictures(comfy, generate, image, short, part, monkeypatch):
    monkeypatch.setattr(part("watch"), "PREVIEW_SECONDS", 0.0)
    generate(image, short)
    values = [value for value, *_ in comfy.updates]
    assert values == sorted(values)
    assert values[-1] == comfy.updates[0][1] == 1000
    kind, picture, side = next(preview for *_, preview in comfy.updates if preview)
    assert kind == "JPEG"
    assert picture.size == (384, 384)
    assert side == 512


def test_an_interrupt_goes_through_and_leaves_nothing(comfy, generate, image, short):
    comfy.interrupt_after = 3
    with pytest.raises(stand_ins.Interrupted):
        generate(image, short)
    assert list((comfy.base / "temp").iterdir()) == []


def test_a_batch_gives_one_video_each(comfy, generate, image, short):
    both = torch.cat([image, image.flip(2)])
    video, *_, fps, take, notes = generate(both, short).args
    assert len(video) == len(fps) == len(take) == len(notes) == 2
    first, second = (picture_of(one.path)[0].astype(float) for one in video)
    assert np.abs(first - second).mean() > 5
    assert np.abs(first - second[:, ::-1]).mean() < 5
    assert comfy.updates[-1][:2] == (2000, 2000)


def test_a_bad_picture_in_a_batch_is_named_before_anything_is_drawn(comfy, generate, image, short):
    both = torch.cat([image, torch.full_like(image, 0.5)])
    with pytest.raises(sonic.NoFaceError, match="Video 2 of 2: No face was found"):
        generate(both, short)
    assert not (comfy.base / "temp").exists()


def test_numbers_of_portraits_and_recordings_must_fit(generate, image, short):
    three = {**short, "waveform": short["waveform"].repeat(3, 1, 1)}
    with pytest.raises(ValueError, match="2 portraits and 3 recordings"):
        generate(torch.cat([image, image]), three)


def test_the_final_waits_for_approval_and_keeps_the_motion(nodes, generate, image, short):
    final, (*_, take, _) = nodes["SonicFinal"], generate(image, short).args
    waiting = final.execute(take[0], approved=False, images=False, preset="high", min_resolution=0)
    assert [output.message for output in waiting.args] == [None] * 6
    done = final.execute(take[0], approved=True, images=False, preset="standard", min_resolution=448)
    drawn = done.args[4][0].video
    assert drawn.size == (448, 448)
    assert drawn.seed == 7
    assert drawn.config.min_resolution == 448


def test_a_prepared_portrait_brings_its_options(nodes, generate, image, short):
    portrait, preview, report = nodes["SonicPortrait"].execute(image, face_index=0, expand_ratio=0.5).args
    assert preview[0].shape[1] > preview[0].shape[2]  # the findings are below the picture
    assert report[0].startswith("score")
    *_, take, _ = generate(portrait[0], short).args
    assert take[0].video.config.face_index == 0
    assert take[0].video.config.expand_ratio == 0.5


def test_a_portrait_without_a_face_closes_its_output_and_says_why(nodes, image):
    portrait, _, report = nodes["SonicPortrait"].execute(
        torch.full_like(image, 0.5), face_index=-1, expand_ratio=0.2
    ).args
    assert "No face was found" in portrait[0].message
    assert "cannot be animated" in report[0]


def test_points_placed_by_hand_are_read(nodes, image):
    with pytest.raises(sonic.FacePointsError, match="no JSON"):
        nodes["SonicPortrait"].execute(image, "not json", face_index=-1, expand_ratio=0.2)
    with pytest.raises(sonic.FacePointsError, match="lack"):
        nodes["SonicPortrait"].execute(image, '{"nose_tip": [1, 2]}', face_index=-1, expand_ratio=0.2)


def test_a_prepared_voice_brings_its_options(nodes, generate, image, short):
    options = {"duration": 0.5, "denoise": "off", "export_audio": "clean", "speaker": "all", "compensation": False}
    voice, seconds, speakers, report = nodes["SonicVoice"].execute(short, **options).args
    assert seconds == [0.5]
    assert speakers == [1]
    assert "length    1.00 s" in report[0]
    _, _, audio, _, take, _ = generate(image, voice[0]).args
    assert take[0].video.config.export_audio == "clean"
    assert take[0].video.frame_count == 5
    assert audio[0]["waveform"].shape[-1] == 12_000
    assert not np.allclose(audio[0]["waveform"][0, 0], short["waveform"][0, 0, :12_000])


def test_a_reference_video_lends_its_motion(comfy, generate, image, short):
    video, *_ = generate(image, short).args
    *_, take, _ = generate(image, short, reference_video=video[0]).args
    assert take[0].video.frame_count == 10
    assert len(list((comfy.base / "temp").iterdir())) == 3  # two results and the copy of what was lent


def test_a_value_between_unset_and_the_range_is_one_sentence(generate, image, short):
    with pytest.raises(sonic.ConfigError, match="min_resolution is 100, outside its range"):
        generate(image, short, min_resolution=100)


def test_the_same_inputs_give_the_same_frames(generate, image, short):
    first, second = (generate(image, short, images=True).args[1][0] for _ in range(2))
    assert torch.equal(first, second)
