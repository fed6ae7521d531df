from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from sonic.errors import Cancelled, ConfigError
from sonic.train.checkpoint import load_checkpoint, read_about
from sonic.train.engine import LoopConfig, load_averaged, run, seeded
from sonic.train.logs import read_losses

CONFIG = LoopConfig(steps=24, warm_up=4, save_every=6, picture_every=12, learning_rate=1e-2, device="cpu")
TOGETHER = LoopConfig(steps=6, warm_up=2, save_every=6, picture_every=0, device="cpu")


@dataclass(frozen=True)
class Points:
    place: torch.Tensor
    height: torch.Tensor


class Fit(nn.Module):
    """A curve through points; its dropout and its noise come from the random numbers of the step."""

    def __init__(self, width, dropout):
        super().__init__()
        self.network = nn.Sequential(
            nn.Linear(2, width), nn.Tanh(), nn.Dropout(dropout), nn.BatchNorm1d(width), nn.Linear(width, 1)
        )

    def forward(self, batch, turn):
        assert turn == "network"
        error = functional.mse_loss(self.network(batch.place), batch.height)
        return {"error": error, "total": error}


class CurveStage:
    """Batches of 8 points, or of the points that `merged` processes would see between them."""

    name = "curve"

    def __init__(self, width=16, dropout=0.1, merged=1):
        with seeded(0):
            self.objective = Fit(width, dropout)
        self.turns = {"network": self.objective.network}
        self.width, self.merged = width, merged

    def batch(self, step):
        places = range(self.merged * step, self.merged * (step + 1))
        draws = [np.random.default_rng(place).normal(size=(8, 2)) for place in places]
        place = torch.from_numpy(np.concatenate(draws).astype(np.float32))
        return Points(place, place.sum(1, keepdim=True).sin())

    def pictures(self, network, _):
        assert not network.training
        yield "curve", np.full((4, 6, 3), 255, np.uint8)

    def describe(self):
        return {"width": self.width}


class Duel(nn.Module):
    """A network that shifts noise, and a critic that tells it from shifted noise."""

    def __init__(self):
        super().__init__()
        self.network = nn.Linear(2, 2)
        self.critic = nn.Sequential(nn.Linear(2, 8), nn.SiLU(), nn.Linear(8, 1))

    def forward(self, batch, turn):
        made = self.network(batch["noise"])
        if turn == "network":
            return {"total": functional.softplus(-self.critic(made)).mean()}
        real, fake = self.critic(batch["real"]), self.critic(made.detach())
        return {"total": (functional.softplus(-real) + functional.softplus(fake)).mean(), "real": real.mean()}


class DuelStage:
    name = "duel"

    def __init__(self):
        with seeded(0):
            self.objective = Duel()
        self.turns = {"network": self.objective.network, "critic": self.objective.critic}

    def batch(self, step):
        noise = torch.from_numpy(np.random.default_rng(step).normal(size=(2, 16, 2)).astype(np.float32))
        return {"noise": noise[0], "real": noise[1] + 3}

    def pictures(self, *_):
        return ()

    def describe(self):
        return {}


def without_batch_norm(stage):
    """A batch norm sees only the batch of its own process."""
    stage.objective.network[3] = nn.Identity()


class Interrupted(CurveStage):
    """Gets the signal of Ctrl-C while it makes the batch of a step."""

    def __init__(self, at):
        super().__init__()
        self.at = at

    def batch(self, step):
        if step == self.at:
            signal.raise_signal(signal.SIGINT)
        return super().batch(step)


def assert_same_run(folder, other, turns=("network",)):
    first, second = load_checkpoint(folder, turns), load_checkpoint(other, turns)
    assert first.step == second.step
    groups = [(first.objective, second.objective), (first.averaged, second.averaged)]
    groups += [(first.optimisers[turn], second.optimisers[turn]) for turn in turns]
    for one, two in groups:
        assert one.keys() == two.keys()
        assert one
        for name, value in one.items():
            assert torch.equal(value, two[name]), name


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    run(CurveStage(), CONFIG, folder)
    return folder


def test_it_learns(tmp_path):
    run(CurveStage(dropout=0.0), replace(CONFIG, steps=300), tmp_path)
    losses = [row["total"] for row in read_losses(tmp_path / "losses.csv")]
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])


def test_a_resumed_run_equals_an_uninterrupted_one(whole, tmp_path):
    with pytest.raises(Cancelled, match="after step 14"):
        run(Interrupted(at=13), CONFIG, tmp_path)
    assert read_about(tmp_path)["step"] == 14
    run(CurveStage(), CONFIG, tmp_path)
    assert_same_run(whole, tmp_path)
    assert (whole / "losses.csv").read_text() == (tmp_path / "losses.csv").read_text()


def test_what_a_killed_run_wrote_after_its_checkpoint_is_not_written_twice(whole, tmp_path):
    class Killed(CurveStage):
        def batch(self, step):
            if step == 23:
                raise MemoryError
            return super().batch(step)

    with pytest.raises(MemoryError):
        run(Killed(), CONFIG, tmp_path)
    assert [row["step"] for row in read_losses(tmp_path / "losses.csv")] == [6, 10, 12, 18, 20]
    run(CurveStage(), CONFIG, tmp_path)
    assert_same_run(whole, tmp_path)
    assert [row["step"] for row in read_losses(tmp_path / "losses.csv")] == [6, 10, 12, 18, 20, 24]


def test_batches_made_ahead_of_time_are_the_same(whole, tmp_path):
    run(CurveStage(), replace(CONFIG, workers=1), tmp_path)
    assert_same_run(whole, tmp_path)


def test_a_finished_run_stays_as_it_is(whole):
    before = (whole / "checkpoint.safetensors").read_bytes()
    run(CurveStage(), CONFIG, whole)
    assert (whole / "checkpoint.safetensors").read_bytes() == before


def test_two_optimisers_take_turns_and_resume(tmp_path):
    run(DuelStage(), CONFIG, tmp_path / "whole")
    run(DuelStage(), replace(CONFIG, steps=12), tmp_path / "half")
    assert read_about(tmp_path / "half")["step"] == 12
    turns = ("network", "critic")
    state = load_checkpoint(tmp_path / "whole", turns)
    assert state.optimisers["critic"]["0.exp_avg"].shape == (8, 2)
    header = (tmp_path / "whole" / "losses.csv").read_text().splitlines()[0]
    assert header == "step,network/total,critic/total,critic/real"


def test_each_turn_changes_only_its_own_weights(tmp_path):
    stage = DuelStage()
    stage.turns = {"critic": stage.objective.critic}
    before = {name: value.clone() for name, value in stage.objective.state_dict().items()}
    run(stage, replace(CONFIG, steps=2), tmp_path)
    changed = {
        name for name, value in stage.objective.state_dict().items() if not torch.equal(value, before[name])
    }
    assert changed == {name for name in before if name.startswith("critic")}


def test_the_duel_resumes_exactly(tmp_path):
    class Killed(DuelStage):
        def batch(self, step):
            if step == 15:
                raise MemoryError
            return super().batch(step)

    run(DuelStage(), CONFIG, tmp_path / "whole")
    with pytest.raises(MemoryError):
        run(Killed(), CONFIG, tmp_path / "parts")
    run(DuelStage(), CONFIG, tmp_path / "parts")
    assert_same_run(tmp_path / "whole", tmp_path / "parts", ("network", "critic"))


def test_pictures_curves_and_averaged_weights_are_written(whole):
    assert [path.name for path in sorted((whole / "pictures").iterdir())] == [
        "0000012-curve.png",
        "0000024-curve.png",
    ]
    with Image.open(whole / "pictures" / "0000024-curve.png") as picture:
        assert picture.size == (6, 4)
    assert list((whole / "logs").iterdir())
    weights, description = load_averaged(whole)
    assert description == {"width": 16}
    assert "4.weight" in weights


def test_another_network_or_course_does_not_resume(whole):
    with pytest.raises(ConfigError, match="width 16 instead of 32"):
        run(CurveStage(width=32), CONFIG, whole)
    with pytest.raises(ConfigError, match=r"learning_rate 0\.01 instead of 0\.5.*another --output"):
        run(CurveStage(), replace(CONFIG, learning_rate=0.5), whole)
    with pytest.raises(ConfigError, match='stage "curve" instead of "duel"'):
        run(DuelStage(), CONFIG, whole)


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(ConfigError, match="--output folder of a training command"):
        load_averaged(tmp_path)


def test_the_weights_of_another_stage_are_refused(whole):
    with pytest.raises(ConfigError, match="holds a curve network; .* sonic train motion"):
        load_averaged(whole, "motion")


def test_a_missing_gpu_is_named(tmp_path):
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(ConfigError, match="--device cpu"):
        run(CurveStage(), replace(CONFIG, device="cuda"), tmp_path)
    with pytest.raises(ConfigError, match="'tpu' is unknown"):
        run(CurveStage(), replace(CONFIG, device="tpu"), tmp_path)
    with pytest.raises(ConfigError, match="'16-mixed' is unknown"):
        run(CurveStage(), replace(CONFIG, precision="16-mixed"), tmp_path)


def test_a_loss_that_is_no_number_ends_the_run(tmp_path):
    class Broken(CurveStage):
        def batch(self, step):
            batch = super().batch(step)
            return replace(batch, height=batch.height * float("nan"))

    with pytest.raises(ConfigError, match="at step 6; lower --learning-rate"):
        run(Broken(), CONFIG, tmp_path)


def test_random_numbers_of_others_are_left_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    with seeded(1, 2):
        inside = torch.rand(2)
    assert torch.equal(torch.rand(2), expected)
    with seeded(1, 2):
        assert torch.equal(torch.rand(2), inside)


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    """Of both stages, the weights with which two processes end."""
    folder = tmp_path_factory.mktemp("two")
    clean = {name: value for name, value in os.environ.items() if name not in {"LOCAL_RANK", "WORLD_SIZE"}}
    program = [sys.executable, __file__, str(folder)]
    done = subprocess.run(program, capture_output=True, text=True, check=False, env=clean)
    assert done.returncode == 0, done.stderr
    return [json.loads((folder / f"rank{rank}.json").read_text()) for rank in range(2)]


def test_two_processes_end_with_the_same_weights(two_processes):
    first, second = two_processes
    assert first == second
    for weights in first.values():
        assert np.isfinite(np.concatenate([np.ravel(value) for value in weights.values()])).all()


def test_two_processes_equal_one_that_sees_both_batches(two_processes, tmp_path):
    alone = CurveStage(dropout=0.0, merged=2)
    without_batch_norm(alone)
    run(alone, TOGETHER, tmp_path)
    for name, value in alone.objective.state_dict().items():
        assert np.allclose(value.numpy(), two_processes[0]["curve"][name], atol=1e-5), name


def train_in_two_processes(folder):
    """What this file does when it is run as a program; each process writes the weights it ends with."""
    curve, duel = CurveStage(dropout=0.0), DuelStage()
    without_batch_norm(curve)
    weights = {}
    for stage in (curve, duel):
        # The second process is ended by the loop, which is what is looked at here.
        with suppress(SystemExit):
            run(stage, replace(TOGETHER, devices=2), folder / stage.name)
        state = stage.objective.state_dict()
        weights[stage.name] = {name: value.tolist() for name, value in state.items()}
    (folder / f"rank{torch.distributed.get_rank()}.json").write_text(json.dumps(weights))


if __name__ == "__main__":
    train_in_two_processes(Path(sys.argv[1]))
