from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import sonic
from sonic.errors import WeightsError
from sonic.motion import solver as solving
from sonic.motion.sampler import MotionSampler
from sonic.motion.solver import STUDENT, Lessons, Problem, Solver

FOLDER = Path(sonic.__file__).parent / "assets" / "sonic-base"
FRAMES, WIDTH, DIM = 40, 160, 29


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A model folder without a student."""
    folder = tmp_path_factory.mktemp("plain") / "model"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns(STUDENT))
    note(folder)
    return folder


@pytest.fixture(scope="module")
def taught(plain, tmp_path_factory):
    """A model folder whose student for two steps is its own flow."""
    folder = tmp_path_factory.mktemp("taught") / "model"
    shutil.copytree(plain, folder)
    shutil.copy(folder / "motion.onnx", folder / STUDENT)
    note(folder, steps=2, guidance=1.0)
    return folder


def note(folder, **student):
    content = json.loads((folder / "config.json").read_text())
    content.pop("student", None)
    (folder / "config.json").write_text(json.dumps(content | ({"student": student} if student else {})))


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(0)
    is_known = (np.arange(FRAMES) < 8).astype(np.float32)[:, None]
    return Problem(
        speech=rng.normal(size=(1, FRAMES, WIDTH)).astype(np.float32),
        known=rng.normal(size=(FRAMES, DIM)).astype(np.float32) * is_known,
        is_known=is_known,
        style=np.array([0, 0, 1, 1], np.float32),
    )


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(1).normal(size=(FRAMES, DIM)).astype(np.float32)


@pytest.fixture
def asked(monkeypatch):
    """The networks that were asked for a guess, in order."""
    networks, guess = [], solving._guess
    monkeypatch.setattr(solving, "_guess", lambda *inputs: networks.append(inputs[0]) or guess(*inputs))
    return networks


def test_steps_come_nearer_to_the_end_of_the_flow(plain, problem, noise):
    solver = Solver(plain)
    end = solver.solve(noise, problem, 60)
    errors = [np.abs(solver.solve(noise, problem, steps) - end).mean() for steps in (2, 4, 8, 16)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0] / 3


def test_the_student_works_up_to_its_number_of_steps(taught, problem, noise, asked):
    solver = Solver(taught)
    for steps, worker in ((1, solver._student), (2, solver._student), (3, solver._flow)):
        asked.clear()
        solver.solve(noise, problem, steps)
        assert asked == [worker] * steps


def test_the_student_has_one_guidance_in_its_weights(taught, problem, noise, asked):
    solver = Solver(taught)
    silence = np.zeros_like(problem.speech)
    guided = replace(problem, speech=np.concatenate([problem.speech, silence]), guidance=2.0)
    solver.solve(noise, guided, 2)
    assert asked == [solver._flow] * 2
    assert (solver.student_steps(1.0), solver.student_steps(2.0)) == (2, 0)


def test_without_a_student_the_flow_does_everything(plain, problem, noise, asked):
    solver = Solver(plain)
    solver.solve(noise, problem, 1)
    assert asked == [solver._flow]
    assert solver.student_steps(1.0) == 0


def test_a_sampler_finds_the_student(taught, plain, features):
    both = [
        np.concatenate(list(MotionSampler(folder).stream([features(130)], frames=65, seed=0, steps=2)))
        for folder in (taught, plain)
    ]
    np.testing.assert_array_equal(*both)  # here the student is the flow


def test_a_student_that_nobody_describes_is_refused(taught, tmp_path):
    shutil.copytree(taught, tmp_path / "model")
    note(tmp_path / "model")
    with pytest.raises(WeightsError, match="how student.onnx was taught"):
        Solver(tmp_path / "model")


def test_lessons_are_read_from_the_config(taught):
    assert Lessons.read(taught / "config.json") == Lessons(steps=2, guidance=1.0)
