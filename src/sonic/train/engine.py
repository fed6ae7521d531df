"""The one training loop: step, average, log, save; a run that was stopped goes on as if it never had been."""

from __future__ import annotations

import logging
import math
import sys
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, Any

import torch

from sonic.errors import Cancelled, ConfigError
from sonic.train.averaging import MovingAverage
from sonic.train.batches import Sealed, Unsealing, batches, moved
from sonic.train.checkpoint import Checkpoint, check_same, load_averaged, load_checkpoint
from sonic.train.logs import ProgressLine, RunLog
from sonic.train.optimisers import learned, learning_rate, load_optimiser, optimiser_of, optimiser_state
from sonic.train.processes import StopSignal, start_processes
from sonic.train.seeds import seeded
from sonic.train.stage import LoopConfig, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from torch import Tensor

__all__ = ["LoopConfig", "Stage", "load_averaged", "run", "seeded"]

logger = logging.getLogger(__name__)

_LOG_EVERY = 10  # steps; reading a loss makes a GPU wait
_PICTURE_SEED = 1  # apart from the seeds of steps, which have no such number


def run(stage: Stage, config: LoopConfig, folder: Path) -> None:
    """Train to `config.steps`, going on from the checkpoint in `folder` if there is one.

    Under N processes, process r reads batch s * N + r at step s, and gradients are averaged. Without a GPU a
    resumed run equals an uninterrupted one bit for bit. Only the first process returns: the others were
    started to help, and what the program does next is not to be done N times.

    Raises:
        ConfigError: the checkpoint is of another stage, network or course; or the device is not there.
        Cancelled: SIGINT or SIGTERM came; a checkpoint of the last whole step was saved.
    """
    fabric = start_processes(config, partly_used=len(stage.turns) > 1)
    torch.set_num_threads(config.threads)
    _Loop(stage, config, folder, fabric).train()
    if not fabric.is_global_zero:
        sys.exit()


class _Loop:
    """A run with the step it has reached."""

    def __init__(self, stage: Stage, config: LoopConfig, folder: Path, fabric: Any) -> None:
        self.stage, self.config, self.folder, self.fabric = stage, config, folder, fabric
        self.step = 0
        self.about = {"stage": stage.name, "describe": stage.describe(), "config": config.course()}
        self.learned = {turn: learned(module) for turn, module in stage.turns.items()}
        optimisers = {turn: optimiser_of(module, config) for turn, module in stage.turns.items()}
        self.objective = fabric.setup_module(Unsealing(stage.objective))
        self.average = MovingAverage(stage.objective.network, config.average)
        self.optimisers = {turn: fabric.setup_optimizers(each) for turn, each in optimisers.items()}
        self._resume()

    def train(self) -> None:
        """Take the steps that are left."""
        progress = ProgressLine(self.stage.name, self.step, self.config.steps)
        with self._log() as log, StopSignal(self.fabric) as stop:
            for batch in self._batches():
                terms = self._advance(moved(batch, self.fabric.device))
                self._report(terms, log, progress)
                if stop.asked(together=self.step % _LOG_EVERY == 0) and self.step < self.config.steps:
                    self._stop()

    def _log(self) -> AbstractContextManager[RunLog | None]:
        return closing(RunLog(self.folder, self.step)) if self.fabric.is_global_zero else nullcontext()

    def _batches(self) -> Iterator[Any]:
        """Those of this process for the steps that are left."""
        count, rank = self.fabric.world_size, self.fabric.global_rank
        places = range(self.step * count + rank, self.config.steps * count, count)
        return batches(self.stage, places, self.config.workers)

    def _advance(self, batch: Any) -> dict[str, Tensor]:
        """Take one step and return its terms, those of several turns as "turn/term"."""
        self.stage.objective.train()
        terms: dict[str, Tensor] = {}
        # Every step draws from its own seed, so nothing about randomness has to be saved.
        with seeded(self.config.seed, self.step, self.fabric.global_rank):
            for turn in self.stage.turns:
                found = self._turn(turn, batch)
                several = len(self.stage.turns) > 1
                terms |= {f"{turn}/{name}" if several else name: value for name, value in found.items()}
        self.step += 1
        self.average.follow(self.stage.objective.network, self.step)
        return terms

    def _turn(self, turn: str, batch: Any) -> dict[str, Tensor]:
        self._let_learn(turn)
        optimiser = self.optimisers[turn]
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(self.step, self.config)
        optimiser.zero_grad(set_to_none=True)
        terms: dict[str, Tensor] = self.objective(Sealed(batch), turn)
        self.fabric.backward(terms["total"])
        torch.nn.utils.clip_grad_norm_(self.learned[turn], self.config.clip_gradient)
        optimiser.step()
        return {name: value.detach() for name, value in terms.items()}

    def _let_learn(self, turn: str) -> None:
        """Gradients flow through everybody, but stop at the weights of the others."""
        for parameters in self.learned.values():
            for parameter in parameters:
                parameter.requires_grad_(False)
        for parameter in self.learned[turn]:
            parameter.requires_grad_(True)

    def _report(self, terms: dict[str, Tensor], log: RunLog | None, progress: ProgressLine) -> None:
        if self._due(self.config.save_every) or self.step % _LOG_EVERY == 0:
            values = self._values(terms)
            if log is not None:
                log.losses(self.step, values)
                rate = learning_rate(self.step - 1, self.config)
                log.curve(self.step, {"learning rate": rate, "steps a second": progress.speed(self.step)})
                progress.show(self.step, next(iter(values.values())))
        if self._due(self.config.save_every):
            self._save()
        if log is not None and self._due(self.config.picture_every):
            self._draw(log)

    def _due(self, every: int) -> bool:
        """Whether something that happens every so often, and at the last step, happens now."""
        return every > 0 and (self.step % every == 0 or self.step == self.config.steps)

    def _values(self, terms: dict[str, Tensor]) -> dict[str, float]:
        """The terms as numbers, averaged over all processes, the total of the first turn in front."""
        means = {name: self.fabric.all_reduce(value, reduce_op="mean") for name, value in terms.items()}
        values = {name: float(value) for name, value in means.items()}
        if not all(map(math.isfinite, values.values())):
            raise ConfigError(
                f"The loss is not a number any more at step {self.step}; lower --learning-rate, and start "
                "again in another --output folder."
            )
        return dict(sorted(values.items(), key=lambda item: not item[0].endswith("total")))

    def _draw(self, log: RunLog) -> None:
        with torch.no_grad(), seeded(self.config.seed, self.step, 0, _PICTURE_SEED):
            log.pictures(self.step, self.stage.pictures(self.average.on_cpu(), self.step))

    def _stop(self) -> None:
        self._save()
        raise Cancelled(f"Stopped after step {self.step}; the same command goes on from there.")

    def _save(self) -> None:
        if self.fabric.is_global_zero:
            optimisers = {turn: optimiser_state(each) for turn, each in self.optimisers.items()}
            objective, averaged = self.stage.objective.state_dict(), self.average.network.state_dict()
            Checkpoint(self.step, self.about, objective, averaged, optimisers).save(self.folder)
        self.fabric.barrier()

    def _resume(self) -> None:
        checkpoint = load_checkpoint(self.folder, list(self.stage.turns))
        if checkpoint is None:
            return
        check_same(checkpoint.about, self.about, self.folder)
        logger.info("%s goes on at step %d of %d", self.stage.name, checkpoint.step, self.config.steps)
        self.stage.objective.load_state_dict(checkpoint.objective)
        self.average.network.load_state_dict(checkpoint.averaged)
        for turn, optimiser in self.optimisers.items():
            load_optimiser(optimiser, checkpoint.optimisers[turn])
        self.step = checkpoint.step
