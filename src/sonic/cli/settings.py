"""Settings of the service as options of the commands that run parts of it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from sonic.cli.options import add_options
from sonic.errors import DependencyError
from sonic.options import described
from sonic.service.settings import ServiceSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from sonic.cli.options import Command

PLACES = ("data", "database_url", "storage_url")
REPLICAS = ("replicas", "most_replicas", "replica_cpus", "replica_gpus")  # of workers on Ray


def setting_options(*names: str) -> Callable[[Command], Command]:
    """Add one command line option for each of these settings; `ServiceSettings.read(**values)` takes them.

    Secrets other than URLs are left to the environment: whoever lists processes can read command lines.
    """
    known = {option.name: option for option in described(ServiceSettings)}

    def add(command: Command) -> Command:
        return add_options(command, [known[name] for name in names], "Service")

    return add


def load_service(name: str) -> ModuleType:
    """A module `sonic.service.NAME`.

    Raises:
        DependencyError: the `serve` extra is not installed.
    """
    try:
        return importlib.import_module(f"sonic.service.{name}")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("sonic"):
            raise
        raise DependencyError(
            f"The service needs the package '{error.name}': "
            "install it with pip install 'sonic-portrait[serve]'."
        ) from error
