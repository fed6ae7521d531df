from __future__ import annotations

import pytest

from sonic.cli.app import run


@pytest.fixture
def sonic_command(capsys):
    """Runs a command line; gives exit code, standard output and standard error."""

    def call(*arguments):
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call
