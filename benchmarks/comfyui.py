"""Memory of a real ComfyUI while its nodes make long videos: `python benchmarks/comfyui.py CHECKOUT`.

Each row is a ComfyUI of its own, started on the CPU, since a process never forgets its peak; Linux only. With
"video" the frames go to a file, with "images" they are also kept as ComfyUI's IMAGE.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import common

SETTINGS = {"min_resolution": 256, "crop": "face", "inference_steps": 2, "fps": 10.0, "seed": common.SEED}


def main() -> None:
    """Measure every length, and one of them with images."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path, help="folder of ComfyUI")
    parser.add_argument("--minutes", type=float, nargs="+", default=[1.0, 3.0], help="of audio (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON in place of Markdown")
    arguments = parser.parse_args()
    before = common.load_before()
    plan = [(minutes, False) for minutes in arguments.minutes] + [(arguments.minutes[0], True)]
    rows = [measure(arguments.checkout, minutes, images=images) for minutes, images in plan]
    settings = {**SETTINGS, "load before": before}
    common.Report("Memory of ComfyUI", settings, rows).show(as_json=arguments.json)


def measure(checkout: Path, minutes: float, *, images: bool) -> dict[str, Any]:
    """Make one video and read how much memory that took at most."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "base"
        with real().comfyui(checkout, base) as server:
            shutil.move(common.looped_speech(Path(folder), 60 * minutes), base / "input" / "long.wav")
            prompt = graph(server.get("/object_info"), images=images)
            idle, started = memory(server.pid, "VmRSS"), time.perf_counter()
            history = server.finished(server.queue(prompt))
            assert history["status"]["status_str"] == "success", history["status"]
            return {
                "audio min": minutes,
                "output": "video and images" if images else "video",
                "frames": round(60 * minutes * SETTINGS["fps"]),
                "wall s": time.perf_counter() - started,
                "idle MB": idle,
                "peak MB": memory(server.pid, "VmHWM"),
            }


def graph(info: dict[str, Any], *, images: bool) -> dict[str, Any]:
    """The portrait of the examples speaks the long recording."""
    widgets = info["SonicGenerate"]["input"]["required"].items()
    defaults = {name: details[1]["default"] for name, details in widgets if "default" in details[1]}
    linked = {"model": ["1", 0], "portrait": ["2", 0], "voice": ["3", 0]}
    save = {"video": ["4", 0], "filename_prefix": "long", "format": "auto", "codec": "auto"}
    return {
        "1": {"class_type": "SonicLoadModel", "inputs": {"model_name": "sonic-base", "device": "cpu"}},
        "2": {"class_type": "LoadImage", "inputs": {"image": "portrait.jpg"}},
        "3": {"class_type": "LoadAudio", "inputs": {"audio": "long.wav"}},
        "4": {
            "class_type": "SonicGenerate",
            "inputs": {**defaults, **linked, **SETTINGS, "images": images},
        },
        "5": {"class_type": "SaveVideo", "inputs": save},
    }


def memory(process: int, name: str) -> float:
    """A figure of the kernel's about a process, in megabytes."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024 / 1e6
    raise KeyError(name)


def real() -> Any:
    """What the tests start ComfyUI with."""
    path = common.ROOT / "tests" / "comfyui" / "real.py"
    spec = importlib.util.spec_from_file_location("real", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
