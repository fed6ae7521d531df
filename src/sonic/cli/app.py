"""The `sonic` command itself: finds subcommands, turns errors into one line and an exit code."""

from __future__ import annotations

import importlib
import json
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

import sonic
from sonic.cli.signals import STOPPED, stopping_at_once, terminable
from sonic.errors import DependencyError, SonicError

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMANDS = {
    "generate": "Make a talking video of a portrait and a voice recording.",
    "batch": "Make many videos of a list or a folder.",
    "models": "List the models that are here.",
    "inspect": "Say what is in a recording or a portrait, and what would help.",
    "annotate": "Place the points of a face by hand.",
    "info": "Say what made a video.",
    "verify": "Find the marks of synthetic video in a file.",
    "doctor": "Check this installation.",
    "evaluate": "Judge a model or finished videos by figures.",
    "studio": "Make videos on a page in the browser (needs the studio extra).",
    "serve": "Run the job service: videos over HTTP (needs the serve extra).",
    "worker": "Make videos for a service on another machine (needs the serve extra).",
    "keys": "Make, list and revoke API keys of a service (needs the serve extra).",
    "train": "Train a motion model (needs the train extra).",
}
_EXAMPLES = """\b
Examples:
  sonic generate portrait.jpg speech.wav -o talk.mp4
  sonic generate portrait.jpg speech.mp3 -o talk.webm --seed 7 --dynamic-scale 1.1
  sonic info talk.mp4
"""


@dataclass
class Settings:
    """What the outermost layer must know about the command that runs."""

    debug: bool = False
    json: bool = False


class LazyGroup(click.Group):
    """Imports a subcommand's module when it is called; help needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all subcommands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one subcommand."""
        if cmd_name not in _COMMANDS:
            return None
        with stopping_at_once():
            if cmd_name == "train":
                return _load_train()
            command: click.Command = getattr(importlib.import_module(f"sonic.cli.{cmd_name}"), cmd_name)
            return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the subcommands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


def _load_train() -> click.Command:
    try:
        module = importlib.import_module("sonic.train.cli")
    except ModuleNotFoundError as error:
        raise DependencyError(
            f"Training needs the package '{error.name}': install it with pip install 'sonic-portrait[train]'."
        ) from error
    command: click.Command = module.train
    return command


@click.group(
    cls=LazyGroup,
    epilog=_EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
)
@click.version_option(sonic.__version__, prog_name="sonic")
@click.pass_context
def app(context: click.Context) -> None:
    """One portrait and one voice recording in, a talking video out."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; nothing but `--debug` shows a traceback."""
    settings = Settings(json="--json" in arguments)  # also for mistakes that end before options are read
    try:
        with terminable():
            return app.main(list(arguments), prog_name="sonic", standalone_mode=False, obj=settings) or 0
    except click.exceptions.NoArgsIsHelpError as error:  # its message is the help
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the edge of the process
        code, message, exit_code = _explain(error)
        return _fail(settings, code, message, exit_code)


def _explain(error: BaseException) -> tuple[str, str, int]:
    """Stable code, one line for people, exit code."""
    if isinstance(error, SonicError):
        return error.code, str(error), error.exit_code
    if isinstance(error, click.ClickException):
        return "usage", error.format_message(), error.exit_code
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return "cancelled", "stopped", STOPPED
    return "internal", f"unexpected {type(error).__name__}: {error} (run with --debug and report it)", 1


def _fail(settings: Settings, code: str, message: str, exit_code: int) -> int:
    if settings.debug:
        traceback.print_exc()
    if settings.json:
        click.echo(json.dumps({"error": {"code": code, "message": message}}))
    click.echo(f"error: {message}", err=True)
    return exit_code
