"""Answers for torchvision and torchaudio where they are missing: importing works, using anything raises.

ComfyUI imports both when it starts, and no build of them fits every build of PyTorch.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class Absent(ModuleType):
    """A module in which every name is a class that cannot be made."""

    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__init__": refuse})


def refuse(self, *_, **__):
    raise RuntimeError(f"{type(self).__name__} is not installed.")


class Finder(MetaPathFinder, Loader):
    """Comes last: what is installed is found before."""

    def find_spec(self, name, path=None, target=None):  # noqa: ARG002 - the protocol's signature
        absent = name.partition(".")[0] in {"torchvision", "torchaudio"}
        return ModuleSpec(name, self, is_package=True) if absent else None

    def create_module(self, spec):
        return Absent(spec.name)

    def exec_module(self, module):
        """Nothing to run."""


sys.meta_path.append(Finder())
