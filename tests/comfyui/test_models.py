from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import sonic


@pytest.fixture(scope="module")
def own_model(loaded):
    """A copy of the packaged model in ComfyUI's folder, under another name."""
    source = Path(sonic.__file__).parent / "assets" / "sonic-base"
    folder = loaded[0].base / "models" / "sonic_talk" / "my-voice"
    shutil.copytree(source, folder)
    (folder.parent / "not-a-model").mkdir()
    return folder


@pytest.mark.usefixtures("own_model")
def test_models_of_the_package_come_first(nodes):
    described = {one.id: one for one in nodes["SonicLoadModel"].define_schema().inputs}
    names = described["model_name"].details["options"]
    assert names[0] == "sonic-base"
    assert "my-voice" in names
    assert "not-a-model" not in names


def test_a_model_of_the_folder_is_loaded_and_noticed_when_it_changes(own_model, nodes):
    loader = nodes["SonicLoadModel"]
    (model,) = loader.execute(model_name="my-voice", device="auto").args
    assert model.folder == own_model
    assert model.device == "cpu"
    before = loader.fingerprint_inputs(model_name="my-voice", device="auto")
    assert before == loader.fingerprint_inputs(model_name="my-voice", device="auto")
    (own_model / "notes.json").write_text(json.dumps({"trained": "again"}), encoding="utf-8")
    assert before != loader.fingerprint_inputs(model_name="my-voice", device="auto")


def test_auto_is_the_card_only_if_both_can_use_it(comfy, part, monkeypatch):
    import onnxruntime

    models = part("models")
    assert models.choose_device("auto") == "cpu"
    comfy.device = "cuda"
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert models.choose_device("auto") == "cpu"
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    assert models.choose_device("auto") == "cuda"


def test_comfyui_is_asked_for_room_before_a_card_is_used(comfy, part, monkeypatch):
    comfy.device = "cuda"
    monkeypatch.setattr(sonic, "load_model", lambda name, device: (name, device))
    assert part("models").load("sonic-base", "cuda") == ("sonic-base", "cuda")
    assert comfy.freed == [(512 * 1024**2, "cuda")]


def test_an_unknown_model_is_one_sentence(nodes):
    with pytest.raises(sonic.ModelNotFoundError, match="There is no model 'gone'"):
        nodes["SonicLoadModel"].execute(model_name="gone", device="cpu")
