from __future__ import annotations

import asyncio
import sys

import pytest
import stand_ins


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The stand-in for ComfyUI, and the extension as ComfyUI gets it, after `on_load`."""
    with stand_ins.installed(tmp_path_factory.mktemp("comfyui")) as (comfy, pack):
        extension = asyncio.run(pack.comfy_entrypoint())
        asyncio.run(extension.on_load())
        yield comfy, extension


@pytest.fixture
def comfy(loaded):
    """The stand-in as it is at the start, and left so."""
    loaded[0].reset()
    yield loaded[0]
    loaded[0].reset()


@pytest.fixture(scope="module")
def nodes(loaded):
    """All node classes by id."""
    return {node.define_schema().node_id: node for node in asyncio.run(loaded[1].get_node_list())}


@pytest.fixture(scope="module")
def part(loaded):
    """Gives a module of the pack by name."""
    name = type(loaded[1]).__module__.rpartition(".")[0]
    return lambda module: sys.modules[f"{name}.{module}"]
