"""One command line option for each field of `GenerateConfig`, for every command that makes videos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sonic.cli.sections import Section
from sonic.config import Option, number, options

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., None]


def config_options(command: Command) -> Command:
    """Add one command line option for each field of `GenerateConfig`."""
    for option in reversed(options()):
        command = _as_click(option)(command)
    return command


def _as_click(option: Option) -> Callable[[Command], Command]:
    flag = "--" + option.name.replace("_", "-")
    common: dict[str, Any] = {
        "cls": Section,
        "section": "Video options",
        "default": None,
        "help": _help(option),
    }
    if option.kind is bool:
        return click.option(f"{flag}/--no-{flag[2:]}", option.name, **common)
    words = [*option.choices, "N"] if option.counted else option.choices
    metavar = "|".join(words) or {int: "N", float: "X"}[option.kind]
    return click.option(flag, option.name, type=option.kind, metavar=metavar, **common)


def _help(option: Option) -> str:
    notes = []
    if option.kind is not bool and not option.choices:
        notes.append(f"{option.describe_range()} {option.unit}".strip())
    if option.recommended:
        notes.append("recommended " + " to ".join(number(bound) for bound in option.recommended))
    if option.default is not None:
        notes.append(f"default {_default(option)}")
    return f"{option.help.replace('`', '')} [{'; '.join(notes)}]" if notes else option.help.replace("`", "")


def _default(option: Option) -> str:
    if option.kind is bool:
        return "on" if option.default else "off"
    return option.default if option.choices else number(option.default)
