"""Help that lists a command's options in sections."""

from __future__ import annotations

from typing import Any

import click


class Section(click.Option):
    """An option that belongs to a named section of the help."""

    def __init__(self, *args: Any, section: str, **details: Any) -> None:
        super().__init__(*args, **details)
        self.section = section


class SectionedCommand(click.Command):
    """Writes options of the same section under their own heading, the others first."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the option lists."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
            if record is not None:
                sections.setdefault(getattr(parameter, "section", "Options"), []).append(record)
        for name, records in sections.items():
            with formatter.section(name):
                formatter.write_dl(records)
