"""From noise to motion: the flow followed in many small steps, or its student in one to four large ones."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sonic.errors import WeightsError
from sonic.inference import Network

if TYPE_CHECKING:
    from pathlib import Path

    from sonic.motion.head import Array

STUDENT = "student.onnx"


@dataclass(frozen=True)
class Problem:
    """What stays the same while one window is solved.

    Attributes:
        speech: the trunk's condition and, for guidance other than 1, the one for "no speech", [1 or 2, T, W].
        known: normalised motion of the frames before, zero elsewhere, [T, dim].
        is_known: 1 on those frames, [T, 1].
        style: performance numbers and whether each is given, [2 S].
        guidance: how strongly speech is followed.
    """

    speech: Array
    known: Array
    is_known: Array
    style: Array
    guidance: float = 1.0


@dataclass(frozen=True)
class Lessons:
    """How the student in a model folder was taught: for up to `steps` steps, at one `guidance`."""

    steps: int
    guidance: float = 1.0

    @classmethod
    def read(cls, path: Path) -> Lessons:
        """The entry "student" of a model's `config.json`; raises WeightsError when it is missing."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8"))["student"])
        except (OSError, KeyError, ValueError, TypeError) as error:
            raise WeightsError(
                f"{path.name} does not say how {STUDENT} was taught ({error}); install the model again."
            ) from error


class Solver:
    """The flow of a model folder, and its student where the folder holds one.

    The student takes over when no more steps are asked for than it was taught, at the guidance that it
    was taught; it has that guidance in its weights, so one pass a step is enough.
    """

    def __init__(self, folder: Path, *, device: str = "cpu", threads: int = 1) -> None:
        self._flow = Network(folder / "motion.onnx", device=device, threads=threads)
        self._student: Network | None = None
        if (folder / STUDENT).exists():
            self._student = Network(folder / STUDENT, device=device, threads=threads)
            self._lessons = Lessons.read(folder / "config.json")

    def student_steps(self, guidance: float) -> int:
        """Up to how many steps the student does the work; 0 without one."""
        taught = self._student is not None and guidance == self._lessons.guidance
        return self._lessons.steps if taught else 0

    def solve(self, noise: Array, problem: Problem, steps: int) -> Array:
        """Normalised motion [T, dim] out of noise like it, along the straight paths of the flow.

        The guess of clean motion changes on the way; each step aims at where it will be half a step later, as
        the last two guesses foretell (two-step Adams-Bashforth; for diffusion: DPM-Solver++(2M),
        https://arxiv.org/abs/2211.01095). Twelve such steps come as near to the flow's end as 25 of Euler's.
        """
        guess = self._taught if steps <= self.student_steps(problem.guidance) else self._guided
        times = np.linspace(0, 1, steps + 1, dtype=np.float32)
        motion, before = noise, noise[:0]  # no guess yet
        for now, after in pairwise(times):
            motion = np.where(problem.is_known > 0, problem.known, motion)
            clean = guess(motion, now, problem)
            aim = clean + (clean - before) / 2 if len(before) else clean
            motion = motion + (aim - motion) * ((after - now) / (1 - now))
            before = clean
        return motion

    def _taught(self, noisy: Array, time: np.float32, problem: Problem) -> Array:
        assert self._student is not None, "only called when there is a student"
        guess: Array = _guess(self._student, noisy, time, problem, problem.speech[:1])[0]
        return guess

    def _guided(self, noisy: Array, time: np.float32, problem: Problem) -> Array:
        guesses = _guess(self._flow, noisy, time, problem, problem.speech)
        guided: Array = guesses[0]
        if len(guesses) > 1:
            guided = guesses[1] + problem.guidance * (guesses[0] - guesses[1])
        return guided


def _guess(network: Network, noisy: Array, time: np.float32, problem: Problem, speech: Array) -> Array:
    """Clean motion [n, T, dim] under each of the conditions [n, T, W]."""
    count = len(speech)
    guesses: Array = network(
        np.repeat(noisy[None], count, 0),
        np.full(count, time, np.float32),
        speech,
        np.repeat(problem.known[None], count, 0),
        np.repeat(problem.is_known[None], count, 0),
        np.repeat(problem.style[None], count, 0),
    )[0]
    return guesses
