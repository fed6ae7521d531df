from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import stand_ins

import sonic

torch = pytest.importorskip("torch", reason="ComfyUI's images and sounds are PyTorch tensors")

QUICK = {"preset": "preview", "crop": "face", "inference_steps": 2, "fps": 10.0, "seed": 7}


@pytest.fixture(scope="module")
def sample(nodes):
    """The pack's own portrait and recording, as IMAGE and AUDIO."""
    return nodes["SonicSample"].execute().args


@pytest.fixture(scope="module")
def image(sample):
    return sample[0]


@pytest.fixture(scope="module")
def short(sample):
    """The first 1.2 s of the recording."""
    voice = sample[1]
    return {**voice, "waveform": voice["waveform"][..., : round(1.2 * voice["sample_rate"])]}


@pytest.fixture(scope="module")
def generate(nodes, model):
    """Runs Sonic generate with quick options."""

    def run(portrait, voice, *, images=False, **options):
        return nodes["SonicGenerate"].execute(model, portrait, voice, images=images, **{**QUICK, **options})

    return run


@pytest.fixture(scope="module")
def talk(loaded, generate, image, short, part):
    """One run with images: what came out, and what the progress bar was told."""
    part("watch").PREVIEW_SECONDS = 0.0
    loaded[0].reset()
    output = generate(image, short, images=True)
    return output, loaded[0].updates


def picture_of(path):
    with av.open(str(path)) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]


def test_the_sample_is_what_comfyui_expects(image, sample):
    assert image.shape == (1, 512, 512, 3)
    assert image.dtype == torch.float32
    assert 0 <= image.min() < image.max() <= 1
    assert sample[1]["waveform"].shape == (1, 1, 153_600)


def test_a_video_comes_out_and_can_be_played(loaded, talk):
    video, _, audio, fps, take, notes = talk[0].args
    path = Path(video[0].path)
    assert path.parent == loaded[0].base / "temp"
    assert talk[0].ui["images"] == [{"filename": path.name, "subfolder": "", "type": "temp"}]
    assert len(picture_of(path)) == 12
    assert sonic.read_metadata(path)["seed"] == 7
    assert audio[0]["waveform"].shape == (1, 1, 28_800)
    assert fps == [10.0]
    assert take[0].video.seed == 7
    assert "below the recommended" in notes[0]


def test_images_are_the_frames_of_the_video(talk):
    video, images, *_ = talk[0].args
    drawn = np.stack(picture_of(video[0].path)).astype(np.float32) / 255
    assert images[0].shape == drawn.shape
    assert images[0].dtype == torch.float32
    assert float(np.abs(images[0].numpy() - drawn).mean()) < 0.02


def test_progress_grows_to_the_end_and_shows_pictures(talk):
    values = [value for value, *_ in talk[1]]
    assert values == sorted(values)
    assert values[-1] == talk[1][0][1] == 1000
    kind, picture, side = next(preview for *_, preview in talk[1] if preview)
    assert kind == "JPEG"
    assert picture.size == (384, 384)
    assert side == 512


def test_too_many_frames_for_the_memory_are_refused(comfy, talk, part):
    comfy.free_memory = 1e6
    with pytest.raises(MemoryError, match="turn off 'images'"):
        part("filming").Room.of(talk[0].args[4][0].video)


def test_an_interrupt_goes_through_and_leaves_nothing(comfy, talk, nodes):
    before = comfy.files()
    comfy.interrupt_after = 3
    with pytest.raises(stand_ins.Interrupted):
        nodes["SonicFinal"].execute(
            talk[0].args[4][0], approved=True, images=False, preset="preview", min_resolution=0
        )
    assert len(comfy.updates) == 3
    assert comfy.files() == before


def test_without_images_their_output_is_closed_and_says_why(comfy, generate, image, short):
    both = torch.cat([image, image.flip(2)])
    video, images, *_, fps, take, notes = generate(both, short).args
    assert "turn on 'images'" in images.message
    assert len(video) == len(fps) == len(take) == len(notes) == 2  # a batch gives one video each
    first, second = (picture_of(one.path)[0].astype(float) for one in video)
    assert np.abs(first - second[:, ::-1]).mean() < np.abs(first - second).mean() / 2
    assert comfy.updates[-1][:2] == (2000, 2000)


def test_a_bad_picture_in_a_batch_is_named_before_anything_is_drawn(comfy, generate, image, short):
    before = comfy.files()
    both = torch.cat([image, torch.full_like(image, 0.5)])
    with pytest.raises(sonic.NoFaceError, match="Video 2 of 2: No face was found"):
        generate(both, short)
    assert comfy.files() == before


def test_numbers_of_portraits_and_recordings_must_fit(part):
    assert part("parts").pair([1], [2, 3]) == [(1, 2), (1, 3)]
    assert part("parts").pair([1, 2], [3, 4]) == [(1, 3), (2, 4)]
    with pytest.raises(sonic.InputError, match="2 portraits and 3 recordings"):
        part("parts").pair([1, 2], [3, 4, 5])


def test_the_final_waits_for_approval_and_keeps_the_motion(nodes, talk):
    final, take = nodes["SonicFinal"], talk[0].args[4][0]
    waiting = final.execute(take, approved=False, images=False, preset="high", min_resolution=0)
    assert [output.message for output in waiting.args] == [None] * 6
    done = final.execute(take, approved=True, images=True, preset="preview", min_resolution=0)
    assert torch.equal(done.args[1][0], talk[0].args[1][0])  # the same size gives the same frames
    assert done.args[4][0].video.config.preset == "preview"


def test_prepared_inputs_bring_their_options(nodes, generate, image, short):
    portrait, preview, report = nodes["SonicPortrait"].execute(image, face_index=0, expand_ratio=0.5).args
    assert preview[0].shape[1] > preview[0].shape[2]  # the findings are below the picture
    assert report[0].startswith("score")
    options = {"denoise": "off", "export_audio": "clean", "speaker": "all", "compensation": False}
    voice, seconds, speakers, report = nodes["SonicVoice"].execute(short, duration=0.5, **options).args
    assert seconds == [0.5]
    assert speakers == [1]
    assert "length    1.20 s" in report[0]
    _, _, audio, _, take, _ = generate(portrait[0], voice[0]).args
    config = take[0].video.config
    assert (config.face_index, config.expand_ratio, config.export_audio) == (0, 0.5, "clean")
    assert take[0].video.frame_count == 5
    assert audio[0]["waveform"].shape[-1] == 12_000
    assert not np.allclose(audio[0]["waveform"][0, 0], short["waveform"][0, 0, :12_000])


def test_a_portrait_without_a_face_closes_its_output_and_says_why(nodes, image):
    portrait, _, report = (
        nodes["SonicPortrait"].execute(torch.full_like(image, 0.5), face_index=-1, expand_ratio=0.2).args
    )
    assert "No face was found" in portrait[0].message
    assert "cannot be animated" in report[0]


def test_points_placed_by_hand_are_read(nodes, image):
    with pytest.raises(sonic.FacePointsError, match="no JSON"):
        nodes["SonicPortrait"].execute(image, "not json", face_index=-1, expand_ratio=0.2)
    with pytest.raises(sonic.FacePointsError, match="lack"):
        nodes["SonicPortrait"].execute(image, '{"nose_tip": [1, 2]}', face_index=-1, expand_ratio=0.2)


def test_a_reference_video_is_handed_on_as_a_file(comfy, generate, image, short, talk):
    before = comfy.files()
    comfy.interrupt_after = 0
    with pytest.raises(stand_ins.Interrupted):
        generate(image, short, reference_video=talk[0].args[0][0])
    assert len(comfy.files() - before) == 1


def test_a_video_in_place_of_the_portrait_is_dubbed(generate, short, talk):
    video, *_, fps, take, _ = generate(talk[0].args[0][0], short).args
    assert take[0].video.size == talk[0].args[4][0].video.size
    assert fps == [10.0]
    assert len(picture_of(video[0].path)) == 12


def test_a_value_between_unset_and_the_range_is_one_sentence(generate, image, short):
    with pytest.raises(sonic.ConfigError, match="min_resolution is 100, outside its range"):
        generate(image, short, min_resolution=100)
