"""Writes docs/parameters.md and docs/service-settings.md from the lists of options; a test compares them."""

from __future__ import annotations

from pathlib import Path

from sonic.config import options
from sonic.options import Option, described, number
from sonic.service.settings import ServiceSettings, variable

DOCS = Path(__file__).parents[1] / "docs"

HEAD = """# Parameters

Every option of `Model.generate(...)` and, in kebab-case, of `sonic generate`. This page is written by
`python scripts/write_parameters.py` from `sonic.config.GenerateConfig`; do not edit it by hand.

Outside its allowed range an option is an error. Outside its recommended range it is a warning
(`video.warnings`, standard error of the command) that says what will suffer.

| option | command line | default | allowed | recommended |
|---|---|---|---|---|
"""

SETTINGS_HEAD = """# Settings of the service

Every setting of `sonic serve` and `sonic worker`. Flags of the command line (the name in kebab-case) go
before environment variables, and those before the defaults. Keep passwords and tokens in the environment:
others on the machine can read command lines. [service-operations.md](service-operations.md) explains how the
settings play together. This page is written by `python scripts/write_parameters.py` from
`sonic.service.settings`; do not edit it by hand.

| setting | variable | default | allowed | what it does |
|---|---|---|---|---|
"""


def render() -> str:
    table = "".join(_row(option) for option in options())
    return HEAD + table + "".join(_section(option) for option in options())


def _row(option: Option) -> str:
    low_high = option.recommended
    recommended = f"{number(low_high[0])} to {number(low_high[1])}" if low_high else ""
    cells = (
        f"[`{option.name}`](#{option.name})",
        f"`{_flag(option)}`",
        _default(option),
        _range(option),
        recommended,
    )
    return f"| {' | '.join(cells)} |\n"


def _section(option: Option) -> str:
    lines = [f"\n## {option.name}\n\n{option.help} {option.effect}\n"]
    if option.recommended:
        low, high = (number(bound) for bound in option.recommended)
        lines.append(f"\n- Below {low}: {option.below}.\n- Above {high}: {option.above}.\n")
    return "".join(lines)


def _flag(option: Option) -> str:
    flag = option.name.replace("_", "-")
    return f"--{flag}` / `--no-{flag}" if option.kind is bool else f"--{flag}"


def _default(option: Option) -> str:
    if option.default is None:
        return "none"
    if option.kind is bool or option.choices:
        return f"`{str(option.default).lower()}`" if option.kind is bool else f"`{option.default}`"
    return number(option.default)


def _range(option: Option) -> str:
    return f"{option.describe_range()} {option.unit}".strip()


def render_settings() -> str:
    return SETTINGS_HEAD + "".join(_setting(option) for option in described(ServiceSettings))


def _setting(option: Option) -> str:
    free = option.kind is str and not option.choices
    effect = f"{option.help} {option.effect}".strip()
    cells = (
        f"`{option.name}`",
        f"`{variable(option.name)}`",
        f"`{option.default}`"
        if free and option.default
        else _default(option)
        if option.default != ""
        else "none",
        "text" if free else _range(option),
        effect,
    )
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    for name, content in {"parameters.md": render(), "service-settings.md": render_settings()}.items():
        (DOCS / name).write_text(content, encoding="utf-8")
        print(DOCS / name)
