"""The training stage of the motion student: in one to four steps where the flow arrives in twenty-five."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from sonic.train.motion.flow import coefficient_weights, lip_readout, weighted_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sonic.motion.space import MotionSpace
    from sonic.train.distill.lessons import Lesson
    from sonic.train.motion.network import FlowNetwork, NetworkConfig

_FEWER_SHARE = 0.2  # of the batches are solved in fewer steps than the student is made for
_WEIGHTS = {"motion": 1.0, "lips": 1.0, "speed": 0.5, "variety": 0.5}


@dataclass(frozen=True)
class Lessons:
    """A batch of lessons padded to one length; shapes as in `Lesson`, with a batch in front.

    `valid` is False on padding, [B, T]; `steps` is how many the student may take, one number.
    """

    noise: Tensor
    speech: Tensor
    known: Tensor
    is_known: Tensor
    style: Tensor
    answer: Tensor
    valid: Tensor
    steps: int


class StudentObjective(nn.Module):
    """The student solves a window by itself, and where it arrives is compared with the teacher's answer.

    Gradients go through all its steps, so that a later step learns to mend what the earlier ones leave.
    """

    def __init__(self, network: FlowNetwork, space: MotionSpace) -> None:
        super().__init__()
        self.network = network
        for name, values in (("dims", coefficient_weights(space)), ("readout", lip_readout(space))):
            self.register_buffer(name, torch.from_numpy(values), persistent=False)

    def forward(self, batch: Lessons, turn: str) -> dict[str, Tensor]:  # noqa: ARG002 - nobody else learns
        """The terms of the loss; "total" is their weighted sum."""
        terms = self._errors(self.solve(batch), batch)
        return terms | {"total": sum(_WEIGHTS[name] * term for name, term in terms.items())}

    def solve(self, batch: Lessons) -> Tensor:
        """Motion [B, T, dim] in the steps that `sonic.motion.solver.Solver.solve` takes."""
        motion, before = batch.noise, None
        for step in range(batch.steps):
            motion = torch.where(batch.is_known > 0, batch.known, motion)
            time = motion.new_full((len(motion),), step / batch.steps)
            clean = self.network(
                motion, time, batch.speech, batch.known, batch.is_known, batch.style, batch.valid
            )
            aim = clean if before is None else clean + (clean - before) / 2
            motion = motion + (aim - motion) / (batch.steps - step)
            before = clean
        return motion

    def _errors(self, guess: Tensor, batch: Lessons) -> dict[str, Tensor]:
        counted = batch.valid[..., None] * (1 - batch.is_known)
        error = guess - batch.answer
        speed = error[:, 1:] - error[:, :-1]
        return {
            "motion": weighted_mean(error**2 * self.dims, counted),
            "lips": weighted_mean((error @ self.readout) ** 2, counted),
            "speed": weighted_mean(speed**2 * self.dims, counted[:, 1:]),
            "variety": self._variety(guess, batch.answer, counted),
        }

    def _variety(self, guess: Tensor, answer: Tensor, counted: Tensor) -> Tensor:
        """How far the spread of each number over a window is from the teacher's.

        A student that is not sure would rather stay near the average, and blink and nod less.
        """
        made, meant = (_spread(motion, counted) for motion in (guess, answer))
        return ((made - meant).abs() * self.dims).mean()


def _spread(motion: Tensor, counted: Tensor) -> Tensor:
    """Standard deviation of each number over the counted frames, [B, dim]."""
    total = counted.sum(1).clamp(min=1)
    mean = (motion * counted).sum(1) / total
    return (((motion - mean[:, None]) ** 2 * counted).sum(1) / total + 1e-4).sqrt()


class MotionStage:
    """Lessons drawn at random; half of them in the full number of steps, the others in fewer."""

    name = "distill-motion"

    def __init__(
        self,
        network: FlowNetwork,
        config: NetworkConfig,
        space: MotionSpace,
        lessons: list[Lesson],
        *,
        teacher: str,
        steps: int,
        seed: int,
        batch: int,
    ) -> None:
        self.lessons, self.steps, self.teacher = lessons, steps, teacher
        self._config, self._seed, self._batch = config, seed, batch
        self.objective = StudentObjective(network, space)
        self.turns: dict[str, nn.Module] = {"network": network}

    def batch(self, step: int) -> Lessons:
        """The lessons of a step."""
        rng = np.random.default_rng([self._seed, step])
        chosen = [self.lessons[int(index)] for index in rng.integers(0, len(self.lessons), self._batch)]
        fewer = [count for count in (1, 2, 4) if count < self.steps]
        steps = int(rng.choice(fewer)) if fewer and rng.random() < _FEWER_SHARE else self.steps
        return collate(chosen, steps)

    def pictures(self, network: nn.Module, step: int) -> Iterable[tuple[str, np.ndarray]]:  # noqa: ARG002
        """None: a solved window looks like one of the teacher's."""
        return ()

    def describe(self) -> dict[str, Any]:
        """What rebuilds the student, how it is used, and what it learns from."""
        return {
            "network": asdict(self._config),
            "steps": self.steps,
            "batch": self._batch,
            "teacher": self.teacher,
            "lessons": len(self.lessons),
        }


def collate(lessons: list[Lesson], steps: int) -> Lessons:
    """Lessons of different lengths as one batch."""
    length = max(len(lesson.noise) for lesson in lessons)
    columns = {
        each.name: torch.from_numpy(np.stack([_padded(getattr(one, each.name), length) for one in lessons]))
        for each in fields(lessons[0])
    }
    valid = torch.arange(length) < torch.tensor([len(lesson.noise) for lesson in lessons])[:, None]
    return Lessons(**columns, valid=valid, steps=steps)


def _padded(values: np.ndarray, length: int) -> np.ndarray:
    return values if values.ndim == 1 else np.pad(values, ((0, length - len(values)), (0, 0)))
