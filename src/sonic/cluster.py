"""Reaches a Ray cluster, or starts one on this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sonic.errors import DependencyError

if TYPE_CHECKING:
    from types import ModuleType


def join_cluster() -> ModuleType:
    """The module `ray`, connected to what `RAY_ADDRESS` names, a cluster on this machine, or a new one.

    Raises:
        DependencyError: Ray is not installed.
    """
    try:
        import ray
    except ImportError as error:
        raise DependencyError("--ray needs Ray: pip install 'sonic-portrait[scale]' brings it.") from error
    if not ray.is_initialized():
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray would report to its makers
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="error")
    module: ModuleType = ray
    return module
