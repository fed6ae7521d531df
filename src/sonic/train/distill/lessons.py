"""Lessons: windows that a motion model solved in many steps, recorded with everything it knew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sonic.errors import ConfigError
from sonic.motion.sampler import MotionSampler
from sonic.motion.solver import Solver

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sonic.clips import Clip
    from sonic.motion.head import Array
    from sonic.motion.sampler import SamplerConfig
    from sonic.motion.solver import Problem

_STEPS = 12  # of the teacher; more end in the same place
_FRAMES = (30, 300)  # of a recording; clips are joined until they are long enough
_USUAL_SHARE = 0.6  # of the recordings are made as the model is shipped, the others in a wider range
_TEMPERATURE = (0.6, 1.3)  # times the shipped one
_STYLE_SPREAD = 0.7


@dataclass(frozen=True)
class Lesson:
    """One window: what the flow was given, and where it arrived.

    Attributes:
        noise: where it started, [T, dim].
        speech: the trunk's condition, [T, W].
        known: motion of the frames before, zero elsewhere, [T, dim].
        is_known: 1 on those frames, [T, 1].
        style: performance numbers and whether each is given, [2 S].
        answer: motion, normalised, [T, dim].
    """

    noise: Array
    speech: Array
    known: Array
    is_known: Array
    style: Array
    answer: Array


class Recorder(Solver):
    """The solver of a model folder that takes its own number of steps and writes down every window."""

    def __init__(self, folder: Path, steps: int) -> None:
        super().__init__(folder)
        self.lessons: list[Lesson] = []
        self._steps = steps

    def solve(self, noise: Array, problem: Problem, steps: int) -> Array:  # noqa: ARG002 - it takes its own
        """As any solver does."""
        answer = super().solve(noise, problem, self._steps)
        given = (problem.speech[0], problem.known, problem.is_known, problem.style)
        self.lessons.append(Lesson(noise, *given, answer))
        return answer

    def taken(self) -> list[Lesson]:
        """The windows since the last call."""
        lessons, self.lessons = self.lessons, []
        return lessons


def record_lessons(
    model: Path,
    clips: Sequence[Clip],
    folder: Path,
    *,
    count: int,
    seed: int,
    report: Callable[[str, int, int], None],
) -> list[Lesson]:
    """Write the recordings that are missing in `folder` until there are `count`, and read all of them.

    Args:
        model: folder of the model whose flow solves every window.
        clips: whose speech features it hears.
        folder: one file a recording.
        count: of recordings, each 30 to 300 frames long and cut into windows as the sampler does.
        seed: of clips, noise and style.
        report: called with the stage, what is done and what there is to do.

    Raises:
        ConfigError: there are no clips to hear.
    """
    if not clips:
        raise ConfigError("The train split holds no clips: prepare more of them.")
    folder.mkdir(parents=True, exist_ok=True)
    recorder, teacher = Recorder(model, _STEPS), MotionSampler(model)
    teacher.solver = recorder
    lessons: list[Lesson] = []
    for index in range(count):
        path = folder / f"{index:05d}.npz"
        if not path.exists():
            _listen(teacher, clips, np.random.default_rng([seed, index]))
            _write(path, recorder.taken())
        lessons += _read(path)
        report("lessons", index + 1, count)
    return lessons


def _listen(teacher: MotionSampler, clips: Sequence[Clip], rng: np.random.Generator) -> None:
    """Have the teacher make motion for a recording of random length."""
    frames = int(rng.integers(*_FRAMES))
    sampler = teacher.with_config(_varied(teacher.config, rng))
    features, seed = _joined(clips, frames, rng), int(rng.integers(2**32))
    for _ in sampler.stream([features], frames=frames, seed=seed, steps=1):  # the recorder takes more
        pass


def _varied(config: SamplerConfig, rng: np.random.Generator) -> SamplerConfig:
    """The shipped settings, or others near them."""
    if rng.random() < _USUAL_SHARE:
        return config
    scale = rng.uniform(*_TEMPERATURE)
    temperature = {name: scale * value for name, value in (config.temperature or {}).items()}
    style = tuple(value + _STYLE_SPREAD * rng.standard_normal() for value in config.style)
    return replace(config, temperature=temperature, style=style)


def _joined(clips: Sequence[Clip], frames: int, rng: np.random.Generator) -> Array:
    """Speech features [2 frames, F] of random clips, back to back."""
    pieces: list[Array] = []
    while sum(map(len, pieces)) < 2 * frames:
        sounds = clips[int(rng.integers(len(clips)))].features
        pieces.append(np.asarray(sounds[str(rng.choice(list(sounds)))], np.float32))
    return np.concatenate(pieces)[: 2 * frames]


def _write(path: Path, lessons: list[Lesson]) -> None:
    arrays = {
        f"{index}.{name}": value.astype(np.float16)
        for index, lesson in enumerate(lessons)
        for name, value in vars(lesson).items()
    }
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(file, **arrays)
    partial.replace(path)


def _read(path: Path) -> list[Lesson]:
    lessons: dict[str, dict[str, Array]] = {}
    with np.load(path) as file:
        for entry in file.files:
            index, _, name = entry.partition(".")
            lessons.setdefault(index, {})[name] = file[entry].astype(np.float32)
    return [Lesson(**values) for values in lessons.values()]
