from __future__ import annotations

import asyncio
import sys

import pytest
import stand_ins


@pytest.fixture
def loaded(tmp_path):
    """The stand-in for ComfyUI, and the extension as ComfyUI gets it, after `on_load`."""
    with stand_ins.installed(tmp_path) as (comfy, pack):
        extension = asyncio.run(pack.comfy_entrypoint())
        asyncio.run(extension.on_load())
        yield comfy, extension


@pytest.fixture
def comfy(loaded):
    return loaded[0]


@pytest.fixture
def nodes(loaded):
    """All node classes by id."""
    return {node.define_schema().node_id: node for node in asyncio.run(loaded[1].get_node_list())}


@pytest.fixture
def part(loaded):
    """Gives a module of the pack by name."""
    name = type(loaded[1]).__module__.rpartition(".")[0]
    return lambda module: sys.modules[f"{name}.{module}"]
