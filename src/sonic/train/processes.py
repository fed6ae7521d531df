"""Where training runs: one process or many, on a CPU or on GPUs; and how all of them stop together."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

import torch

from sonic.errors import ConfigError
from sonic.train.stage import PRECISIONS

if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Self

    from sonic.train.stage import LoopConfig

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def start_processes(config: LoopConfig, *, partly_used: bool) -> Any:
    """Lightning Fabric on the device of `config`; with several devices, as many processes, this one included.

    `partly_used` says that a backward pass may reach only some of the weights, as the turns of a GAN do.

    Raises:
        ConfigError: the machine has no GPU, or fewer than asked for.
    """
    from lightning_fabric import Fabric
    from lightning_fabric.strategies import DDPStrategy

    device = _device(config)
    several = config.devices > 1
    fabric = Fabric(
        accelerator=device,
        devices=config.devices,
        strategy=DDPStrategy(find_unused_parameters=partly_used) if several else "auto",
        precision=_precision(config, device),
    )
    fabric.launch()
    return fabric


def _device(config: LoopConfig) -> str:
    here = torch.cuda.device_count()
    if config.device not in {"auto", "cpu", "cuda"}:
        raise ConfigError(f"--device {config.device!r} is unknown; use auto, cpu or cuda.")
    device = ("cuda" if here else "cpu") if config.device == "auto" else config.device
    if device == "cuda" and here < config.devices:
        raise ConfigError(
            f"{config.devices} GPUs were asked for and PyTorch finds {here}; lower --devices, "
            "use --device cpu, or install a PyTorch build for your GPU."
        )
    return device


def _precision(config: LoopConfig, device: str) -> Any:
    usual = {"cpu": "32-true", "cuda": "bf16-mixed"}
    chosen = usual[device] if config.precision == "auto" else config.precision
    if chosen not in PRECISIONS:
        raise ConfigError(f"--precision {chosen!r} is unknown; use auto, {' or '.join(PRECISIONS)}.")
    return chosen


class StopSignal:
    """Turns SIGINT and SIGTERM into a question that all processes answer alike, at the end of a step.

    A second signal ends the process at once.
    """

    def __init__(self, fabric: Any) -> None:
        self._fabric = fabric
        self._seen = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def asked(self, *, together: bool) -> bool:
        """Whether to stop now; many processes only find out at the calls that all of them make `together`."""
        if self._fabric.world_size == 1:
            return self._seen
        if not together:
            return False
        return bool(self._fabric.strategy.reduce_boolean_decision(self._seen, all=False))

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature of handlers
        self._seen = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
