"""Reaches the `sonic` package, and says in one sentence what to do when it is not installed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonic.options import Option


def is_here() -> bool:
    """Whether our `sonic` can be imported; another package of that name does not count."""
    try:
        import sonic.config  # noqa: F401 - only to see whether it is there
    except ImportError:
        return False
    return True


def missing() -> str:
    """The sentence for people who have the nodes but not the package."""
    return (
        "Sonic's nodes need the Python package 'sonic-portrait' in the Python that runs ComfyUI: run "
        f'"{sys.executable}" -m pip install sonic-portrait and start ComfyUI again.'
    )


def require() -> None:
    """Raise RuntimeError with that sentence if the package is not there."""
    if not is_here():
        raise RuntimeError(missing())


def options() -> tuple[Option, ...]:
    """Every option of `GenerateConfig`; none without the package, so that the nodes still load."""
    if not is_here():
        return ()
    from sonic.config import options as described

    return described()
