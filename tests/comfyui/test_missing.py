from __future__ import annotations

import asyncio
import sys

import pytest
import stand_ins


@pytest.fixture
def without_sonic(monkeypatch):
    """As if the package were not installed."""
    for name in [name for name in sys.modules if name.split(".")[0] == "sonic"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sonic", None)


@pytest.fixture
def with_another_sonic(monkeypatch):
    """Another package has the same name."""
    for name in [name for name in sys.modules if name.split(".")[0] == "sonic"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sonic", stand_ins.module("sonic"))


@pytest.mark.parametrize("situation", ["without_sonic", "with_another_sonic"])
def test_without_the_package_nodes_load_and_say_what_to_install(request, tmp_path, situation, caplog):
    request.getfixturevalue(situation)
    with stand_ins.installed(tmp_path) as (_, pack):
        extension = asyncio.run(pack.comfy_entrypoint())
        asyncio.run(extension.on_load())
        assert "pip install sonic-portrait" in caplog.text
        nodes = {node.define_schema().node_id: node for node in asyncio.run(extension.get_node_list())}
        assert len(nodes) == 9
        with pytest.raises(RuntimeError, match=f'"{sys.executable}" -m pip install sonic-portrait'):
            nodes["SonicLoadModel"].execute(model_name="sonic-base", device="auto")
