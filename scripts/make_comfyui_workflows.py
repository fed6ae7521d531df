"""Write the example workflows of the ComfyUI nodes: `python scripts/make_comfyui_workflows.py URL`.

URL is that of a running ComfyUI with the nodes, which says what their widgets are. With `--pictures` (needs
Playwright and Chromium) each workflow is run there and photographed, for ComfyUI's list of templates and the
guide.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import urllib.request
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "comfyui" / "example_workflows"
WIDGETS = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COMFY_DYNAMICCOMBO_V3"}
UPLOADS = {
    "LoadImage": ["image"],
    "LoadVideo": ["image"],
    "LoadAudio": [None, None],
}  # buttons count as widgets
WIDTH, WINDOW = 1000, (1600, 940)  # pixels: of the picture, of the browser
CANVAS = {"x": 62, "y": 100, "width": 1530, "height": 770}  # what is kept of the window
OVERLAYS = ("Comfy.Minimap.Visible", "Comfy.Graph.CanvasInfo")  # that would be in the picture
QUICK = {"preset": "preview"}


class Graph:
    """A workflow as ComfyUI saves it; `info` describes all nodes, as `/object_info` gives it."""

    def __init__(self, info: dict[str, Any]) -> None:
        self._info = info
        self.nodes: list[dict[str, Any]] = []
        self.links: list[list[Any]] = []

    def add(self, kind: str, place: tuple[int, int], size: tuple[int, int], **inputs: Any) -> Output:
        """A node with values for its widgets and `Output`s for its sockets."""
        described = self._info[kind]
        node = {
            "id": len(self.nodes) + 1,
            "type": kind,
            "pos": list(place),
            "size": list(size),
            "flags": {},
            "order": len(self.nodes),
            "mode": 0,
            "inputs": [],
            "outputs": [
                {"name": name, "type": kind_of_output, "links": []}
                for name, kind_of_output in zip(described["output_name"], described["output"], strict=True)
            ],
            "properties": {"Node name for S&R": kind},
            "widgets_values": [],
        }
        self.nodes.append(node)
        for name, details in all_inputs(described):
            self._fill(node, name, details, inputs)
        node["widgets_values"].extend(UPLOADS.get(kind, []))
        assert not inputs, f"{kind} has no {', '.join(inputs)}"
        return Output(self, node)

    def note(self, text: str, place: tuple[int, int], size: tuple[int, int]) -> None:
        """A text beside the nodes."""
        self.nodes.append(
            {
                "id": len(self.nodes) + 1, "type": "MarkdownNote", "pos": list(place), "size": list(size),
                "flags": {}, "order": len(self.nodes), "mode": 0, "inputs": [], "outputs": [],
                "properties": {}, "widgets_values": [text], "title": "Read me",
            }
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """The whole file."""
        return {
            "last_node_id": len(self.nodes), "last_link_id": len(self.links), "nodes": self.nodes,
            "links": self.links, "groups": [], "config": {}, "extra": {}, "version": 0.4,
        }  # fmt: skip

    def _fill(self, node: dict[str, Any], name: str, details: list[Any], inputs: dict[str, Any]) -> None:
        kind, options = details[0], details[1] if len(details) > 1 else {}
        if isinstance(kind, list) or kind in WIDGETS:
            if isinstance(inputs.get(name), Output):
                self._socket(node, name, kind, inputs.pop(name), widget=True)
            node["widgets_values"].append(inputs.pop(name, first_value(kind, options)))
            if options.get("control_after_generate"):
                node["widgets_values"].append("fixed")
        else:
            self._socket(node, name, kind, inputs.pop(name, None))

    def _socket(
        self, node: dict, name: str, kind: Any, source: Output | None, *, widget: bool = False
    ) -> None:
        entry = {"name": name, "type": kind, "link": None} | ({"widget": {"name": name}} if widget else {})
        node["inputs"].append(entry)
        if source is not None:
            entry["link"] = len(self.links) + 1
            output = source.node["outputs"][source.slot]
            output["links"].append(entry["link"])
            place = len(node["inputs"]) - 1
            self.links.append(
                [entry["link"], source.node["id"], source.slot, node["id"], place, output["type"]]
            )


class Output:
    """One output of a node: `node["name"]` or `node[0]` picks another."""

    def __init__(self, graph: Graph, node: dict[str, Any], slot: int = 0) -> None:
        self.graph, self.node, self.slot = graph, node, slot

    def __getitem__(self, name: str) -> Output:
        names = [output["name"] for output in self.node["outputs"]]
        return Output(self.graph, self.node, names.index(name))


def all_inputs(described: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    """Names and details of required and optional inputs in order."""
    return [*described["input"].get("required", {}).items(), *described["input"].get("optional", {}).items()]


def first_value(kind: Any, options: dict[str, Any]) -> Any:
    """What a widget holds at first."""
    if "default" in options:
        return options["default"]
    choices = kind if isinstance(kind, list) else options.get("options", [""])
    return choices[0]["key"] if choices and isinstance(choices[0], dict) else next(iter(choices), "")


def try_it(graph: Graph) -> None:
    """Needs no files: the sample that comes with the nodes."""
    graph.note(
        "Press **Run**: the sample portrait speaks the sample recording. For your own, delete *Sonic sample* "
        "and connect *Load Image* and *Load Audio*.", (40, 40), (300, 130),
    )  # fmt: skip
    model = graph.add("SonicLoadModel", (40, 220), (300, 90))
    sample = graph.add("SonicSample", (40, 370), (300, 60))
    talk = graph.add(
        "SonicGenerate", (400, 40), (340, 860), model=model, portrait=sample, voice=sample["voice"], **QUICK
    )
    graph.add("SaveVideo", (800, 40), (420, 480), video=talk, filename_prefix="video/sonic_sample")


def simple(graph: Graph) -> None:
    """One portrait, one recording, one video."""
    model = graph.add("SonicLoadModel", (40, 40), (300, 90))
    image = graph.add("LoadImage", (40, 180), (300, 330), image="portrait.jpg")
    voice = graph.add("LoadAudio", (40, 560), (300, 140), audio="speech.wav")
    talk = graph.add("SonicGenerate", (400, 40), (340, 860), model=model, portrait=image, voice=voice)
    graph.add("SaveVideo", (800, 40), (420, 480), video=talk, filename_prefix="video/sonic")


def preview_to_final(graph: Graph) -> None:
    """Both checks, a quick draft, and the same performance in full once it is approved."""
    model = graph.add("SonicLoadModel", (40, 40), (300, 90))
    image = graph.add("LoadImage", (40, 180), (300, 330), image="portrait.jpg")
    audio = graph.add("LoadAudio", (40, 560), (300, 140), audio="speech.wav")
    portrait = graph.add("SonicPortrait", (390, 40), (300, 420), image=image)
    voice = graph.add("SonicVoice", (390, 520), (300, 210), audio=audio)
    graph.add("PreviewAny", (390, 790), (300, 180), source=voice["report"])
    talk = graph.add(
        "SonicGenerate", (740, 40), (340, 860), model=model, portrait=portrait, voice=voice, **QUICK
    )
    final = graph.add("SonicFinal", (1130, 40), (320, 230), take=talk["take"])
    graph.add("SaveVideo", (1130, 330), (420, 480), video=final, filename_prefix="video/sonic_final")
    graph.note(
        "1. **Run**: the draft plays inside *Sonic generate*.\n2. Not good? Change the seed or an option, "
        "run again.\n3. Good? Turn on **approved** and run: the same performance is drawn in full, and "
        "nothing else runs again.", (1130, 860), (420, 150),
    )  # fmt: skip


def batch(graph: Graph) -> None:
    """Two portraits speak the same recording; each gets a file of its own."""
    model = graph.add("SonicLoadModel", (40, 40), (300, 90))
    first = graph.add("LoadImage", (40, 180), (300, 330), image="portrait.jpg")
    second = graph.add("LoadImage", (40, 560), (300, 330), image="portrait.jpg")
    audio = graph.add("LoadAudio", (390, 180), (300, 140), audio="speech.wav")
    both = graph.add("ImageBatch", (390, 40), (300, 60), image1=first, image2=second)
    voice = graph.add("SonicVoice", (390, 420), (300, 210), audio=audio, duration=3.0)
    talk = graph.add("SonicGenerate", (740, 40), (340, 860), model=model, portrait=both, voice=voice, **QUICK)
    graph.add("SaveVideo", (1130, 40), (420, 480), video=talk, filename_prefix="video/sonic_batch")


def frames(graph: Graph) -> None:
    """Frames as images, for graphs that go on with them."""
    model = graph.add("SonicLoadModel", (40, 40), (300, 90))
    image = graph.add("LoadImage", (40, 180), (300, 330), image="portrait.jpg")
    audio = graph.add("LoadAudio", (40, 560), (300, 140), audio="speech.wav")
    voice = graph.add("SonicVoice", (390, 40), (300, 210), audio=audio, duration=3.0)
    talk = graph.add(
        "SonicGenerate", (740, 40), (340, 860), model=model, portrait=image, voice=voice, images=True,
        crop="face", **QUICK,
    )  # fmt: skip
    scaled = graph.add(
        "ImageScale",
        (1130, 40),
        (320, 170),
        image=talk["images"],
        upscale_method="lanczos",
        width=512,
        height=512,
    )
    made = graph.add(
        "CreateVideo", (1130, 270), (320, 110), images=scaled, audio=talk["audio"], fps=talk["fps"]
    )
    graph.add("SaveVideo", (1130, 440), (420, 480), video=made, filename_prefix="video/sonic_frames")


def dubbing(graph: Graph) -> None:
    """A video in place of the portrait: the person in it speaks the new recording."""
    model = graph.add("SonicLoadModel", (40, 40), (300, 90))
    film = graph.add("LoadVideo", (40, 180), (300, 330), file="person.mp4")
    audio = graph.add("LoadAudio", (40, 660), (300, 140), audio="speech.wav")
    talk = graph.add("SonicGenerate", (400, 40), (340, 860), model=model, portrait=film, voice=audio)
    graph.add("SaveVideo", (800, 40), (420, 480), video=talk, filename_prefix="video/sonic_dubbed")


def from_the_wrapper(graph: Graph) -> None:
    """The graph of the ComfyUI_Sonic wrapper, without what the engine does not need."""
    image = graph.add("LoadImage", (40, 40), (300, 330), image="portrait.jpg")
    audio = graph.add("LoadAudio", (40, 420), (300, 140), audio="speech.wav")
    loader = graph.add("SONICTLoader", (390, 40), (310, 170), sonic_unet="unet.pth")
    data = graph.add(
        "SONIC_PreData", (390, 270), (310, 210), audio=audio, image=image,
        weight_dtype=loader["weight_dtype"], min_resolution=256, duration=3.0,
    )  # fmt: skip
    sampler = graph.add("SONICSampler", (750, 40), (310, 190), model=loader, data_dict=data)
    made = graph.add("CreateVideo", (390, 560), (310, 110), images=sampler, audio=audio, fps=sampler["fps"])
    graph.add("SaveVideo", (1110, 40), (420, 480), video=made, filename_prefix="video/sonic_wrapper")


WORKFLOWS = (try_it, simple, preview_to_final, batch, frames, dubbing, from_the_wrapper)


def main() -> None:
    """Write every workflow, and photograph them if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="of a running ComfyUI that has the nodes")
    parser.add_argument("--pictures", action="store_true")
    arguments = parser.parse_args()
    with urllib.request.urlopen(f"{arguments.url}/object_info") as answer:  # noqa: S310 - the caller's own server
        info = json.load(answer)
    EXAMPLES.mkdir(exist_ok=True)
    for draw in WORKFLOWS:
        graph = Graph(info)
        draw(graph)
        path = EXAMPLES / f"{draw.__name__}.json"
        path.write_text(json.dumps(graph.to_json(), indent=1) + "\n", encoding="utf-8")
        print(path)
    if arguments.pictures:
        photograph(arguments.url)


def photograph(url: str) -> None:
    """Open every workflow in ComfyUI, run it and save what is seen."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        options = [
            "--no-sandbox",
            "--disable-quic",
            "--disable-background-networking",
            "--disable-component-update",
        ]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        page = browser.new_page(viewport={"width": WINDOW[0], "height": WINDOW[1]})
        page.goto(url)
        page.wait_for_function("window.app?.graph && document.querySelector('canvas')", timeout=120_000)
        for setting in OVERLAYS:
            page.evaluate("name => window.app.extensionManager.setting.set(name, false)", setting)
        for path in sorted(EXAMPLES.glob("*.json")):
            save_picture(page, path)
        browser.close()


def save_picture(page: Any, path: Path) -> None:
    """Run one workflow, show it in the middle of the window and write it beside its JSON as JPEG."""
    page.evaluate(
        "workflow => window.app.loadGraphData(workflow)", json.loads(path.read_text(encoding="utf-8"))
    )
    page.wait_for_timeout(1500)
    page.keyboard.press("Escape")
    page.evaluate("() => window.app.queuePrompt(0)")
    while page.evaluate("async () => (await (await fetch('/prompt')).json()).exec_info.queue_remaining"):
        page.wait_for_timeout(500)
    page.wait_for_timeout(8000)  # pictures and videos are loaded, and the note that it is done goes away
    page.evaluate("() => window.app.extensionManager.command.execute('Comfy.Canvas.FitView')")
    page.wait_for_timeout(1500)
    picture = Image.open(io.BytesIO(page.screenshot(clip=CANVAS))).convert("RGB")
    picture.thumbnail((WIDTH, WIDTH), Image.Resampling.LANCZOS)
    picture.save(path.with_suffix(".jpg"), quality=85)
    print(path.with_suffix(".jpg"))


if __name__ == "__main__":
    main()
