from __future__ import annotations

import json
import sys

import pytest
import stand_ins

import sonic

PACK = stand_ins.PACK
ROOT = PACK.parent
WORKFLOWS = sorted((PACK / "example_workflows").glob("*.json"))
PLAIN = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"}


@pytest.fixture(scope="module")
def described(nodes):
    return {name: stand_ins.describe(node) for name, node in nodes.items()}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
def test_the_package_is_described_for_the_registry():
    import tomllib

    project = tomllib.loads((PACK / "pyproject.toml").read_text(encoding="utf-8"))
    assert "comfyui" not in project["project"]["name"].lower()
    assert project["project"]["version"] == sonic.__version__
    assert (
        project["project"]["dependencies"] == (PACK / "requirements.txt").read_text(encoding="utf-8").split()
    )
    assert project["tool"]["comfy"]["requires-comfyui"]
    assert (PACK / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@pytest.mark.parametrize("name", ["portrait.jpg", "speech.wav"])
def test_samples_are_the_examples(name):
    assert (PACK / "samples" / name).read_bytes() == (ROOT / "examples" / name).read_bytes()


def test_every_node_has_help_in_two_languages(described):
    for name in described:
        for page in (PACK / "web" / "docs" / f"{name}.md", PACK / "web" / "docs" / name / "zh.md"):
            assert page.read_text(encoding="utf-8").startswith("# "), page


def test_chinese_texts_are_complete_and_nothing_else(described):
    texts = json.loads((PACK / "locales" / "zh" / "nodeDefs.json").read_text(encoding="utf-8"))
    assert texts.keys() == described.keys(), "run scripts/write_comfyui_locale.py"
    for name, node in described.items():
        inputs = {**node["input"]["required"], **node["input"]["optional"]}
        assert texts[name]["inputs"].keys() == inputs.keys(), "run scripts/write_comfyui_locale.py"
        assert list(texts[name]["outputs"]) == [str(slot) for slot in range(len(node["output"]))]
        assert all(text["name"] and text["tooltip"] for text in texts[name]["inputs"].values())


def test_the_examples_are_these():
    assert {path.stem for path in WORKFLOWS} >= {"try_it", "simple", "preview_to_final", "batch", "frames"}
    assert all(path.with_suffix(".jpg").is_file() for path in WORKFLOWS)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_links_of_examples_join_what_is_there(path):
    workflow = json.loads(path.read_text(encoding="utf-8"))
    nodes = {node["id"]: node for node in workflow["nodes"]}
    for identity, start, slot, end, place, kind in workflow["links"]:
        assert identity in nodes[start]["outputs"][slot]["links"]
        assert nodes[start]["outputs"][slot]["type"] == kind
        assert nodes[end]["inputs"][place]["link"] == identity
        taken = nodes[end]["inputs"][place]["type"]
        assert taken == "*" or kind in taken.split(",")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_widgets_of_examples_hold_what_they_may(path, described):
    ours = [
        node for node in json.loads(path.read_text(encoding="utf-8"))["nodes"] if node["type"] in described
    ]
    assert ours
    for node in ours:
        given = described[node["type"]]["input"]
        inputs = {**given["required"], **given["optional"]}
        values = iter(node["widgets_values"])
        for name, (kind, details) in inputs.items():
            if kind in PLAIN:
                check(name, next(values), details)
                assert "control_after_generate" not in details or next(values) == "fixed"
        assert list(values) == [], "run scripts/make_comfyui_workflows.py"
        sockets = [name for name, (kind, _) in inputs.items() if kind not in PLAIN]
        assert [entry["name"] for entry in node["inputs"]] == sockets


def check(name, value, details):
    if "options" in details:
        assert value in details["options"], name
    if "max" in details:
        assert details["min"] <= value <= details["max"], name
