"""What training commands share: the options of a run, with the loop's defaults, and how far they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sonic.train.stage import PRECISIONS, LoopConfig

if TYPE_CHECKING:
    from collections.abc import Callable

_HELP = {
    "steps": "Training steps in all.",
    "learning_rate": "At its highest.",
    "picture_every": "Steps between pictures, 0 for none.",
    "seed": "Of weights, batches, noise and dropout.",
    "threads": "CPU threads of each process.",
    "workers": "Processes that make batches ahead of time; a GPU wants some.",
    "device": "Where to train; auto takes a GPU if there is one.",
    "devices": "GPUs, or processes on a CPU.",
    "precision": "auto is bf16-mixed on a GPU and 32-true on a CPU.",
}
_TYPES = {
    "device": click.Choice(["auto", "cpu", "cuda"]),
    "devices": click.IntRange(1),
    "precision": click.Choice(["auto", *PRECISIONS]),
    "picture_every": click.IntRange(0),
    "seed": click.IntRange(0),
    "steps": click.IntRange(1),
    "workers": click.IntRange(0),
}


def run_options(**defaults: Any) -> Callable[[Any], Any]:
    """Give a command the options of a training run, named as in `LoopConfig`; `defaults` replace its own."""
    usual = LoopConfig(**defaults)

    def decorate(command: Any) -> Any:
        for name, text in reversed(_HELP.items()):
            default = getattr(usual, name)
            kind = _TYPES.get(name, type(default))
            flag = "--" + name.replace("_", "-")
            command = click.option(flag, type=kind, default=default, show_default=True, help=text)(command)
        return command

    return decorate


def loop_config(options: dict[str, Any]) -> tuple[LoopConfig, dict[str, Any]]:
    """The loop that a command's options describe, and the options that are not about the loop."""
    loop = LoopConfig(**{name: options[name] for name in _HELP})
    return loop, {name: value for name, value in options.items() if name not in _HELP}


def progress(*, every: int) -> Callable[[str, int, int], None]:
    """Something to call with stage, done and total, that says so on stderr now and then and at the end."""

    def tell(stage: str, done: int, total: int) -> None:
        if done == total or done % every == 0:
            click.echo(f"{stage} {done}/{total}", err=True)

    return tell
