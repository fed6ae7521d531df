"""Command line options made from the fields of a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sonic.cli.sections import Section
from sonic.options import Option, number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Command = Callable[..., None]


def add_options(command: Command, described: Sequence[Option], section: str) -> Command:
    """Add one option for each field, in order; values that are not given arrive as None."""
    for option in reversed(described):
        command = _as_click(option, section)(command)
    return command


def _as_click(option: Option, section: str) -> Callable[[Command], Command]:
    flag = "--" + option.name.replace("_", "-")
    common: dict[str, Any] = {"cls": Section, "section": section, "default": None, "help": _help(option)}
    if option.kind is bool:
        return click.option(f"{flag}/--no-{flag[2:]}", option.name, **common)
    words = [*option.choices, "N"] if option.counted else option.choices
    metavar = "|".join(words) or {int: "N", float: "X", str: "TEXT"}[option.kind]
    return click.option(flag, option.name, type=option.kind, metavar=metavar, **common)


def _help(option: Option) -> str:
    notes = []
    if option.kind in {int, float}:
        notes.append(f"{option.describe_range()} {option.unit}".strip())
    if option.recommended:
        notes.append("recommended " + " to ".join(number(bound) for bound in option.recommended))
    if option.default not in {None, ""}:
        notes.append(f"default {_default(option)}")
    return f"{option.help.replace('`', '')} [{'; '.join(notes)}]" if notes else option.help.replace("`", "")


def _default(option: Option) -> str:
    if option.kind is bool:
        return "on" if option.default else "off"
    return option.default if option.kind is str else number(option.default)
