from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import stand_ins

from sonic.config import GenerateConfig, options

OF_OTHERS = {"SONICTLoader", "SONIC_PreData", "SONICSampler"}
OURS = {"SonicLoadModel", "SonicPortrait", "SonicVoice", "SonicGenerate", "SonicFinal", "SonicSample"}


def widgets(node):
    described = stand_ins.describe(node)["input"]
    return {**described["required"], **described["optional"]}


def test_the_nodes_are_these(nodes):
    assert set(nodes) == OURS | OF_OTHERS
    for node in nodes.values():
        schema = node.define_schema()
        assert schema.category.startswith("video/sonic")
        assert schema.description
        assert schema.display_name


def test_every_input_is_explained(nodes):
    for name, node in nodes.items():
        for key, (_, details) in widgets(node).items():
            assert details.get("tooltip"), f"{name}.{key}"


def test_each_option_is_a_widget_of_one_node(nodes):
    places = [widgets(nodes[name]) for name in ("SonicPortrait", "SonicVoice", "SonicGenerate")]
    for option in options():
        assert sum(option.name in place for place in places) == 1, option.name


def test_widgets_say_what_the_option_says(nodes):
    described = {
        **widgets(nodes["SonicPortrait"]),
        **widgets(nodes["SonicVoice"]),
        **widgets(nodes["SonicGenerate"]),
    }
    for option in options():
        kind, details = described[option.name]
        assert details["tooltip"].startswith(option.help.replace("`", ""))
        if option.default is not None:
            assert details["default"] == option.default
        if option.choices:
            assert details["options"][: len(option.choices)] == list(option.choices)
        elif option.kind is not bool:
            assert type(details["default"]) is option.kind
            assert option.maximum is None or details["max"] == option.maximum
            assert {int: "INT", float: "FLOAT"}[option.kind] == kind


def test_what_widgets_hold_at_first_are_the_defaults(nodes, part):
    values = {
        key: details["default"]
        for name in ("SonicPortrait", "SonicVoice", "SonicGenerate")
        for key, (_, details) in widgets(nodes[name]).items()
        if "default" in details
    }
    assert GenerateConfig(**part("widgets").overrides(values)) == GenerateConfig(seed=0)


@pytest.mark.parametrize(("name", "value"), [("duration", 0.0), ("blink_rate", -1.0), ("face_index", -1)])
def test_a_number_stands_for_not_given(part, name, value):
    assert part("widgets").overrides({name: value}) == {name: None}


def test_seeds_change_after_a_run_and_zero_is_one(nodes, part):
    _, details = widgets(nodes["SonicGenerate"])["seed"]
    assert details["control_after_generate"] is True
    assert part("widgets").overrides({"seed": 0}) == {"seed": 0}


def test_names_that_another_pack_has_are_left_to_it(comfy, part):
    comfy.taken["SONICSampler"] = object()
    free = {node.define_schema().node_id for node in part("compatibility").free_nodes()}
    assert free == {"SONICTLoader", "SONIC_PreData"}


def test_loading_the_pack_loads_nothing_heavy(tmp_path):
    code = (
        f"import asyncio, sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import stand_ins\n"
        f"with stand_ins.installed({str(tmp_path)!r}) as (_, pack):\n"
        "    nodes = asyncio.run(asyncio.run(pack.comfy_entrypoint()).get_node_list())\n"
        "    [node.define_schema() for node in nodes]\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not {"torch", "onnxruntime", "cv2", "av"} & set(done.stdout.split())


def test_the_pack_uses_little_of_the_package():
    allowed = {
        "sonic", "sonic.config", "sonic.options", "sonic.cli.inspect_audio", "sonic.cli.inspect_image",
        "sonic.face.check", "sonic.face.checks.report", "sonic.face.points", "sonic.media.image",
    }  # fmt: skip
    for path in stand_ins.PACK.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree).splitlines()[0].endswith("."), path
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            assert {name for name in names if name.split(".")[0] == "sonic"} <= allowed, path
