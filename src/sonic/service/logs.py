"""What the processes of the service write about their work, to standard error."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

_PLAIN = "%(asctime)s %(levelname)s %(message)s"


class JsonLines(logging.Formatter):
    """One JSON object a line, for programs; what a record has in `fields` becomes members."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "at": f"{moment}.{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line)


class PlainLines(logging.Formatter):
    """The same for people at a terminal."""

    def __init__(self) -> None:
        super().__init__(_PLAIN)

    def format(self, record: logging.LogRecord) -> str:
        """The line, with `name=value` for each of the `fields` that says something."""
        fields = getattr(record, "fields", {})
        told = (f" {name}={_printable(value)}" for name, value in fields.items() if value not in {None, ""})
        return super().format(record) + "".join(told)


def _printable(value: Any) -> str:
    """Paths come from strangers: what would begin a line of its own, or talk to the terminal, is escaped."""
    return str(value) if str(value).isprintable() else ascii(value)


def show_log() -> None:
    """One line an event from now on; what migrations say about themselves only where something is wrong."""
    handler = logging.StreamHandler()
    handler.setFormatter(PlainLines() if sys.stderr.isatty() else JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("alembic").setLevel(logging.WARNING)
