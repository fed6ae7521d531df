"""Starts a real ComfyUI with the node pack and talks to it over HTTP."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
START, RUN = 180, 900  # seconds, at most
WIDGETS = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COMFY_DYNAMICCOMBO_V3"}
NOTES = {"Note", "MarkdownNote"}


class Server:
    """A running ComfyUI, the process `pid`; `base` holds its folders."""

    def __init__(self, url, base, pid):
        self.url, self.base, self.pid = url, base, pid

    def get(self, path):
        with urllib.request.urlopen(self.url + path) as answer:
            return json.load(answer)

    def text(self, path):
        with urllib.request.urlopen(self.url + path) as answer:
            return answer.read().decode()

    def post(self, path, content):
        request = urllib.request.Request(self.url + path, json.dumps(content).encode(), method="POST")
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error

    def queue(self, prompt):
        """Queue a graph and return its id."""
        return json.loads(self.post("/prompt", {"prompt": prompt}))["prompt_id"]

    def finished(self, identity):
        """Wait for a queued graph and return what the history says of it."""
        for _ in range(RUN * 4):
            if history := self.get(f"/history/{identity}"):
                return history[identity]
            time.sleep(0.25)
        raise AssertionError("It did not end in time.")

    def running(self):
        return bool(self.get("/queue")["queue_running"])


@contextmanager
def comfyui(checkout, base):
    """A ComfyUI of the folder `checkout` on the CPU, with its folders and the pack in `base`."""
    for name in ("custom_nodes", "input", "output", "models/checkpoints"):
        (base / name).mkdir(parents=True)
    (base / "custom_nodes" / "sonic").symlink_to(ROOT / "comfyui")
    for name in ("portrait.jpg", "speech.wav"):
        shutil.copy(ROOT / "examples" / name, base / "input")
    port = free_port()
    command = [
        os.environ.get("COMFYUI_PYTHON", sys.executable), "main.py", "--cpu", "--base-directory", str(base),
        "--port", str(port), "--disable-api-nodes", "--database-url", "sqlite:///:memory:",
    ]  # fmt: skip
    paths = [str(Path(__file__).parent / "absent"), str(ROOT / "src")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    with (base / "log.txt").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(command, cwd=checkout, env=environment, stdout=log, stderr=log)
        try:
            server = Server(f"http://127.0.0.1:{port}", base, process.pid)
            wait_until_up(server, process)
            yield server
        finally:
            process.terminate()
            process.wait(20)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_up(server, process):
    for _ in range(START * 2):
        if is_up(server):
            return
        assert process.poll() is None, (server.base / "log.txt").read_text(encoding="utf-8")[-3000:]
        time.sleep(0.5)
    raise AssertionError("ComfyUI did not start in time.")


def is_up(server):
    try:
        return bool(server.get("/system_stats"))
    except OSError:
        return False


def to_prompt(workflow, info):
    """A saved workflow as the interface would queue it; `info` is what `/object_info` says."""
    sources = {link[0]: [str(link[1]), link[2]] for link in workflow["links"]}
    return {
        str(node["id"]): {"class_type": node["type"], "inputs": inputs_of(node, info[node["type"]], sources)}
        for node in workflow["nodes"]
        if node["type"] not in NOTES
    }


def inputs_of(node, described, sources):
    """Values of widgets, which are saved in the order of the inputs, and links of sockets."""
    inputs, values = {}, iter(node["widgets_values"])
    for name, details in all_inputs(described):
        options = details[1] if len(details) > 1 else {}
        if isinstance(details[0], list) or details[0] in WIDGETS:
            inputs[name] = next(values)
            if options.get("control_after_generate"):
                next(values)
    linked = {entry["name"]: sources[entry["link"]] for entry in node["inputs"] if entry["link"]}
    return inputs | linked


def all_inputs(described):
    given = described["input"]
    return [*given.get("required", {}).items(), *given.get("optional", {}).items()]
