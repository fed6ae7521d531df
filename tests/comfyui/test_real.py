"""Needs a checkout of ComfyUI: `COMFYUI_PATH=... pytest tests/comfyui/test_real.py`.

`COMFYUI_PYTHON` names the Python that has what ComfyUI and Sonic need; that of the tests if not given.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import av
import pytest
import real

import sonic

CHECKOUT = os.environ.get("COMFYUI_PATH")
WORKFLOWS = sorted((real.ROOT / "comfyui" / "example_workflows").glob("*.json"))
SECONDS, RATE, STEPS = 1.2, 10.0, 2  # short, coarse and quick

pytestmark = pytest.mark.skipif(not CHECKOUT, reason="COMFYUI_PATH names no checkout of ComfyUI")


@pytest.fixture(scope="module")
def server(tmp_path_factory, model):
    base = tmp_path_factory.mktemp("base")
    with real.comfyui(CHECKOUT, base) as running:
        make_person(model, base / "input" / "person.mp4")
        yield running


@pytest.fixture(scope="module")
def info(server):
    return server.get("/object_info")


def make_person(model, path):
    """A short video of a talking person, for the dubbing."""
    options = {"preset": "preview", "inference_steps": STEPS, "fps": RATE, "duration": 1.5, "seed": 1}
    examples = real.ROOT / "examples"
    model.generate(audio=examples / "speech.wav", image=examples / "portrait.jpg", **options).export(path)


def quick(prompt):
    """The same graph with small and short settings, approved where it would wait."""
    changes = {
        "SonicGenerate": {"preset": "preview", "inference_steps": STEPS, "fps": RATE},
        "SonicVoice": {"duration": SECONDS},
        "SonicFinal": {"approved": True, "preset": "preview"},
        "SONIC_PreData": {"duration": SECONDS},
        "SONICSampler": {"inference_steps": STEPS, "fps": RATE},
    }
    for node in prompt.values():
        node["inputs"].update(changes.get(node["class_type"], {}))
    return prompt


def saved(server, history):
    """Paths of the videos that were saved in the output folder."""
    entries = [entry for output in history["outputs"].values() for entry in output.get("images", [])]
    return [
        server.base / "output" / entry["subfolder"] / entry["filename"]
        for entry in entries
        if entry["type"] == "output"
    ]


def play(path):
    """Decode a video to its end; returns the numbers of frames and of samples."""
    with av.open(str(path)) as file:
        frames = sum(1 for _ in file.decode(video=0))
    with av.open(str(path)) as file:
        return frames, sum(frame.samples for frame in file.decode(audio=0))


def try_it(info):
    """The example without files, as a prompt."""
    path = next(path for path in WORKFLOWS if path.stem == "try_it")
    return real.to_prompt(json.loads(path.read_text(encoding="utf-8")), info)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_example_gives_a_video_that_plays(server, info, path):
    prompt = quick(real.to_prompt(json.loads(path.read_text(encoding="utf-8")), info))
    history = server.finished(server.queue(prompt))
    assert history["status"]["status_str"] == "success", history["status"]["messages"]
    videos = saved(server, history)
    assert len(videos) == (2 if path.stem == "batch" else 1)
    for video in videos:
        frames, samples = play(video)
        assert frames >= 10
        assert samples > 0


def test_a_saved_video_still_says_what_made_it(server, info):
    history = server.finished(server.queue(quick(try_it(info))))
    (video,) = saved(server, history)
    assert sonic.read_metadata(video)["synthetic"] is True


def test_an_interrupt_ends_the_run_and_leaves_nothing(server, info):
    prompt = try_it(info)
    next(node for node in prompt.values() if node["class_type"] == "SonicGenerate")["inputs"].update(
        preset="max", seed=int(time.time())
    )
    temporary = Path(server.base / "temp")
    before = set(temporary.glob("*"))
    identity = server.queue(prompt)
    while not (set(temporary.glob(".*")) or set(temporary.glob("*")) - before):
        time.sleep(0.1)  # until something is being written
    server.post("/interrupt", {})
    history = server.finished(identity)
    assert "execution_interrupted" in [name for name, _ in history["status"]["messages"]]
    assert set(temporary.glob("*")) | set(temporary.glob(".*")) == before


def test_graphs_of_the_wrapper_need_none_of_its_weights(server, info):
    (server.base / "models" / "checkpoints" / "svd_xt_1_1.safetensors").touch()
    path = next(path for path in WORKFLOWS if path.stem == "from_the_wrapper")
    prompt = quick(real.to_prompt(json.loads(path.read_text(encoding="utf-8")), info))
    prompt["99"] = {
        "class_type": "ImageOnlyCheckpointLoader",
        "inputs": {"ckpt_name": "svd_xt_1_1.safetensors"},
    }
    for node in prompt.values():
        if node["class_type"] == "SONICTLoader":
            node["inputs"]["model"] = ["99", 0]
        if node["class_type"] == "SONIC_PreData":
            node["inputs"].update(clip_vision=["99", 1], vae=["99", 2])
    history = server.finished(server.queue(prompt))
    assert history["status"]["status_str"] == "success", history["status"]["messages"]


def test_help_texts_and_workflows_are_served(server, info):
    assert "# Sonic generate" in server.text("/extensions/sonic/docs/SonicGenerate.md")
    assert "# Sonic 生成" in server.text("/extensions/sonic/docs/SonicGenerate/zh.md")
    assert server.get("/i18n")["zh"]["nodeDefs"]["SonicGenerate"]["display_name"] == "Sonic 生成"
    assert set(server.get("/workflow_templates")["sonic"]) == {path.stem for path in WORKFLOWS}
    assert info["SonicGenerate"]["output_is_list"] == [True] * 6
