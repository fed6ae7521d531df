"""What the processes of the service write about their work, to standard error."""

from __future__ import annotations

import logging


def show_log() -> None:
    """One line an event from now on; what migrations say about themselves only where something is wrong."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
