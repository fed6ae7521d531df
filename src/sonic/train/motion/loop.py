"""The training loop: step, average, log, save; a run that was stopped goes on as if it never had been."""

from __future__ import annotations

import json
import logging
import math
import time
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file

from sonic.errors import ConfigError
from sonic.train.motion.flow import Batch, FlowLoss, LossWeights
from sonic.train.motion.network import MotionNetwork, NetworkConfig

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor

    from sonic.train.motion.dataset import Sampler

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainConfig:
    """One training run."""

    steps: int = 2400
    learning_rate: float = 1e-3
    warm_up: int = 200
    weight_decay: float = 0.05
    average: float = 0.999  # of the weights' moving average
    clip_gradient: float = 1.0
    save_every: int = 200
    seed: int = 0
    threads: int = 1
    device: str = "cpu"
    losses: LossWeights = field(default_factory=LossWeights)


class Training:
    """A run: network, moving average and optimiser, with the step they have reached."""

    def __init__(self, network: NetworkConfig, config: TrainConfig, sampler: Sampler) -> None:
        torch.set_num_threads(config.threads)
        self.config, self.sampler, self.step = config, sampler, 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.network = MotionNetwork(network).to(config.device)
        mean, spread = sampler.feature_statistics()
        self.network.trunk.mean.copy_(torch.from_numpy(mean))
        self.network.trunk.spread.copy_(torch.from_numpy(spread))
        self.loss = FlowLoss(sampler.space, config.losses).to(config.device)
        self.averaged = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.optimiser = torch.optim.AdamW(
            parameter_groups(self.network, config.weight_decay), lr=config.learning_rate, betas=(0.9, 0.98)
        )

    def advance(self) -> dict[str, float]:
        """Take one step and return its losses."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.learning_rate * schedule(self.step, self.config)
        self.network.train()
        with torch.random.fork_rng(devices=[]):
            # Every step draws from its own seed, so nothing about randomness has to be saved.
            torch.manual_seed(self.config.seed * 1_000_003 + self.step)
            terms = self._backward(to_device(self.sampler.batch(self.step), self.config.device))
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip_gradient)
        self.optimiser.step()
        self.step += 1
        self._follow()
        return {name: float(value.detach()) for name, value in terms.items()}

    def _backward(self, batch: Batch) -> dict[str, Tensor]:
        self.optimiser.zero_grad(set_to_none=True)
        flow_time = torch.rand(len(batch.motion))
        noise = torch.randn(batch.motion.shape)
        terms = self.loss(self.network, batch, flow_time.to(batch.motion), noise.to(batch.motion))
        terms["total"].backward()
        return terms

    def _follow(self) -> None:
        """The moving average trusts early weights less."""
        keep = min(self.config.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.averaged[name].lerp_(value, 1 - keep)

    def save(self, folder: Path) -> None:
        """Write a checkpoint from which `resume` continues exactly."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        tensors |= {f"averaged.{name}": value for name, value in self.averaged.items()}
        for index, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{name}": value for name, value in state.items()}
        metadata = {"step": str(self.step), "network": json.dumps(asdict(self.network.config))}
        metadata["config"] = json.dumps(asdict(self.config))
        partial = folder / "checkpoint.partial"
        save_file({name: value.contiguous() for name, value in tensors.items()}, str(partial), metadata)
        partial.replace(folder / "checkpoint.safetensors")

    def resume(self, folder: Path) -> bool:
        """Continue from a checkpoint if there is one.

        Raises:
            ConfigError: the checkpoint is of a network of another shape.
        """
        path = folder / "checkpoint.safetensors"
        if not path.exists():
            return False
        tensors, metadata = load_file(str(path)), read_metadata(path)
        if json.loads(metadata["network"]) != asdict(self.network.config):
            raise ConfigError(f"{path} holds a network of another shape; choose another --output folder.")
        self.network.load_state_dict(part(tensors, "network."))
        self.averaged = part(tensors, "averaged.")
        self._resume_optimiser(part(tensors, "optimiser."))
        self.step = int(metadata["step"])
        return True

    def _resume_optimiser(self, tensors: dict[str, Tensor]) -> None:
        state = self.optimiser.state_dict()
        for name, value in tensors.items():
            index, kind = name.split(".")
            state["state"].setdefault(int(index), {})[kind] = value
        self.optimiser.load_state_dict(state)


def run(
    training: Training, folder: Path, on_step: Callable[[int, dict[str, float]], None] | None = None
) -> None:
    """Train to the last step with checkpoints in `folder`, going on from one that is already there."""
    if training.resume(folder):
        logger.info("going on at step %d", training.step)
    started = time.monotonic()
    while training.step < training.config.steps:
        losses = training.advance()
        if on_step is not None:
            on_step(training.step, losses)
        if training.step % training.config.save_every == 0 or training.step == training.config.steps:
            training.save(folder)
            logger.info("step %d, %.0f s, %s", training.step, time.monotonic() - started, losses)


def schedule(step: int, config: TrainConfig) -> float:
    """Share of the learning rate: a linear warm-up, then a cosine down to a fiftieth."""
    if step < config.warm_up:
        return (step + 1) / config.warm_up
    progress = (step - config.warm_up) / max(1, config.steps - config.warm_up)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def parameter_groups(network: torch.nn.Module, decay: float) -> list[dict[str, Any]]:
    """Matrices decay, biases and norms do not."""
    matrices = [value for value in network.parameters() if value.ndim > 1]
    vectors = [value for value in network.parameters() if value.ndim <= 1]
    return [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]


def to_device(batch: Batch, device: str) -> Batch:
    """The batch on a device."""
    return replace(batch, **{name: value.to(device) for name, value in vars(batch).items()})


def part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names start with a prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def read_metadata(path: Path) -> dict[str, str]:
    """The text fields of a safetensors file."""
    from safetensors import safe_open

    with safe_open(str(path), framework="pt") as file:
        return dict(file.metadata() or {})
