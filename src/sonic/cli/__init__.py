"""The command line: one command a module, loaded when it is called."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Entry point of `sonic`."""
    # Threads that spin while they wait would take the cores from the encoder; libraries read this once.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from sonic.cli.signals import stopping_at_once

    with stopping_at_once():
        from sonic.cli.app import run

    sys.exit(run(sys.argv[1:]))
