from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import sonic
from sonic.errors import ConfigError, InputError
from sonic.motion.head import HeadPose, rotation_matrices
from sonic.motion.space import MotionSpace
from sonic.render.mouth_network import MouthNetwork as ShippedMouth
from sonic.render.mouth_network import blend as blend_arrays
from sonic.render.mouth_view import CONDITIONS, PLANES, VIEW_HEIGHT, VIEW_WIDTH, brightness
from sonic.render.teeth import Palette
from sonic.train.cli import train
from sonic.train.engine import run
from sonic.train.mouth.command import code_of, export_mouth, load_mouth, report_on
from sonic.train.mouth.critic import MouthCritic
from sonic.train.mouth.dataset import Mouths, Tint, collate, mirrored
from sonic.train.mouth.measures import Likeness, compare_frames
from sonic.train.mouth.network import MouthNetwork, MouthNetworkConfig, blend
from sonic.train.mouth.objective import MouthObjective, blurred
from sonic.train.mouth.stage import MouthStage
from sonic.train.prepare.crops import CROP_HEIGHT, CROP_WIDTH, crop_affine, to_crop
from sonic.train.stage import LoopConfig

# torch's own exporter uses what torch deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")

FRAMES = 12
TINY = MouthNetworkConfig(people=2, code_width=2, widths=(4, 6, 8), condition_width=8)
LOOP = LoopConfig(
    steps=4, warm_up=2, save_every=2, picture_every=4, learning_rate=1e-3, average=0.5, device="cpu"
)


class MadeUpClip:
    """A face that opens its mouth in front of a camera; teeth are white, the rest is skin, lips and dark."""

    def __init__(self, space, person):
        self.person, self.source, self.name = person, "made up", person
        rng, time = np.random.default_rng(len(person)), np.arange(FRAMES)
        mouth = np.outer(0.12 * (1 - np.cos(time)), space.opening_direction())
        points = space.template + np.tensordot(mouth, space.mouth_basis, 1)
        turns = rotation_matrices(0.05 * np.stack([np.sin(time / 3)] * 3, axis=1))
        pose = HeadPose(np.full(FRAMES, 60.0), turns, np.tile([128.0, 100.0, 0.0], (FRAMES, 1)))
        self.landmarks = pose.place(points.astype(np.float32))
        lips = to_crop(self.landmarks, crop_affine(pose, space.template))
        self._crops = np.stack([self._draw(frame, rng) for frame in lips])

    @staticmethod
    def _draw(points, rng):
        crop = np.full((CROP_HEIGHT, CROP_WIDTH, 3), (200, 160, 140), np.float32)
        top, bottom = points[13, 1], points[14, 1]
        crop[int(top) : int(bottom) + 1, 40:88] = (60, 25, 25)
        crop[int(top) : int(min(top + 4, bottom)), 44:84] = 210
        return np.clip(crop + rng.normal(0, 2, crop.shape), 0, 255).astype(np.uint8)

    def crops(self, first=0, count=None):
        return self._crops[first : None if count is None else first + count]


@pytest.fixture(scope="module")
def space():
    return MotionSpace.load(Path(sonic.__file__).parent / "assets" / "sonic-base" / "space.safetensors")


@pytest.fixture(scope="module")
def mouths(space):
    return Mouths([MadeUpClip(space, name) for name in ("ann", "robert")], space, batch_size=4, seed=3)


@pytest.fixture(scope="module")
def trained(mouths, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mouth")
    run(MouthStage(mouths, TINY), LOOP, folder)
    return folder


def test_a_batch_holds_what_is_known_and_what_is_true(mouths):
    batch = mouths.batch(0)
    assert batch.planes.shape == (4, PLANES, VIEW_HEIGHT, VIEW_WIDTH)
    assert batch.conditions.shape == (4, CONDITIONS)
    assert batch.truth.shape == (4, 3, VIEW_HEIGHT, VIEW_WIDTH)
    again = mouths.batch(0)
    assert all(torch.equal(getattr(batch, name), getattr(again, name)) for name in ("planes", "truth"))
    assert not torch.equal(batch.truth, mouths.batch(1).truth)


def test_drawn_teeth_lie_in_the_opening_and_skin_counts_as_one(mouths):
    mouth = mouths.clips[0].mouth(3, 0)
    assert mouth.truth[:, -4:].mean() == pytest.approx(1, abs=0.1)
    assert float((mouth.hole * mouth.upper[3:]).sum()) > 30
    dark = mouth.truth.mean(0)[mouth.hole[0] > 0.9].min()
    assert dark < 0.5


def test_a_mirrored_mouth_is_what_a_mirrored_frame_gives(mouths):
    mouth = mouths.clips[0].mouth(3, 0)
    twice = mirrored(mirrored(mouth))
    assert torch.equal(twice.planes, mouth.planes)
    assert torch.equal(twice.conditions, mouth.conditions)
    assert torch.equal(mirrored(mouth).truth, mouth.truth.flip(-1))


def test_light_changes_frame_and_reference_alike(mouths):
    plain, dim = (mouths.clips[0].mouth(3, 0, Tint((gain,) * 3)) for gain in (1.0, 0.5))
    assert torch.allclose(plain.truth, dim.truth, atol=0.05)
    assert dim.conditions[0] == pytest.approx(float(plain.conditions[0]) - 1, abs=0.05)


def test_clips_without_an_open_mouth_are_no_data(space):
    clip = MadeUpClip(space, "shut")
    clip.landmarks = np.repeat(clip.landmarks[:1], FRAMES, axis=0)
    with pytest.raises(InputError, match="open mouth"):
        Mouths([clip], space, batch_size=2, seed=0)


def test_training_and_rendering_blend_alike(mouths):
    clip = mouths.clips[0]
    mouth = collate([clip.mouth(4, 0)])
    maps = torch.rand(1, 9, VIEW_HEIGHT, VIEW_WIDTH) * 0.8
    skin, lips = clip.colours(0)
    light = brightness(skin)
    layers = [
        (values[0, :3].permute(1, 2, 0).numpy() * light, values[0, 3].numpy())
        for values in (mouth.upper, mouth.lower)
    ]
    rendered = blend_arrays(maps[0].permute(1, 2, 0).numpy(), *layers, Palette.of(skin, lips), skin)
    assert np.allclose(rendered / light, blend(maps, mouth)[0].permute(1, 2, 0).numpy(), atol=1e-4)


def test_a_blur_of_nothing_changes_nothing():
    frames = torch.rand(2, 3, 16, 16)
    soft = blurred(frames, torch.tensor([0.0, 1.0]))
    assert torch.allclose(soft[0], frames[0], atol=1e-5)
    assert soft[1].std() < 0.7 * frames[1].std()
    assert soft.mean() == pytest.approx(float(frames.mean()), abs=0.02)


def test_a_few_steps_bring_mouths_nearer_to_the_frames(mouths):
    torch.manual_seed(0)
    objective = MouthObjective(MouthNetwork(TINY), MouthCritic((4, 6, 8)))
    batch = mouths.batch(0)
    optimiser = torch.optim.Adam(objective.network.parameters(), 5e-3)
    seen = []
    for _ in range(25):
        optimiser.zero_grad()
        terms = objective(batch, "network")
        terms["total"].backward()
        optimiser.step()
        seen.append(terms["difference"].item())
    assert seen[-1] < 0.8 * seen[0]


def test_a_resumed_run_equals_an_uninterrupted_one(mouths, trained, tmp_path):
    run(MouthStage(mouths, TINY), replace(LOOP, steps=2), tmp_path)
    run(MouthStage(mouths, TINY), LOOP, tmp_path)
    once, twice = load_mouth(trained)[0].state_dict(), load_mouth(tmp_path)[0].state_dict()
    assert all(torch.equal(once[name], twice[name]) for name in once)
    assert list((trained / "pictures").glob("*-mouths.png"))


def test_the_exported_network_gives_the_same_maps(mouths, trained):
    parity = export_mouth(trained, ["robert"], mouths)
    assert parity.error < 5e-3
    clip = mouths.clips[1]
    skin, lips = clip.colours(0)
    maps = ShippedMouth(trained / "mouth.onnx").maps(clip.place(4), clip.edges(4), skin, lips)
    network, names = load_mouth(trained)
    mouth = collate([clip.mouth(4, 0)])
    with torch.no_grad():
        expected = network(mouth.planes, mouth.conditions, code_of(network, names, ["robert"]))[0]
    assert np.allclose(maps, expected.permute(1, 2, 0).numpy(), atol=0.01)


def test_an_unknown_person_is_named(trained):
    network, names = load_mouth(trained)
    with pytest.raises(ConfigError, match="eve"):
        code_of(network, names, ["eve"])


def test_the_report_sets_learned_beside_drawn(mouths, trained):
    text = report_on(trained, mouths.clips, [])
    assert "| made up | drawn |" in text
    assert "| all | learned |" in text
    assert "| all | mixed |" in text


def test_the_command_goes_from_prepared_clips_to_a_network_and_its_report(data, tmp_path):
    arguments = ["mouth", str(data), "-o", str(tmp_path), "--batch", "2", "--steps", "2", "--device", "cpu"]
    result = CliRunner().invoke(train, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "| all | mixed |" in result.output
    assert ShippedMouth(tmp_path / "mouth.onnx")


def test_a_frame_is_like_itself():
    rng = np.random.default_rng(0)
    real = rng.uniform(0, 255, (3, 32, 32, 3)).astype(np.float32)
    hole = np.ones((3, 32, 32), np.float32)
    same, other = compare_frames(real, real, hole), compare_frames(real[::-1], real, hole)
    assert same.figures()["ssim"] == pytest.approx(1)
    assert same.figures()["sharpness"] == same.figures()["flicker"] == pytest.approx(1)
    assert (same + Likeness()).figures() == same.figures()
    assert other.figures()["psnr"] < 20 < same.figures()["psnr"]
