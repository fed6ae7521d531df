"""Stand-ins for what the nodes use of ComfyUI, with the signatures of its oldest supported version.

`installed()` puts them in place, loads the node pack as ComfyUI does, and gives both back.
"""

from __future__ import annotations

import importlib.util
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace

PACK = Path(__file__).parents[2] / "comfyui"


class Input:
    """One input of a node; `details` are what ComfyUI's interface gets to know."""

    kind = ""
    keys = ("display_name", "tooltip", "lazy", "extra_dict")

    def __init__(self, id, optional=False, **details):  # noqa: A002 - ComfyUI's own name
        assert set(details) <= set(self.keys), f"{type(self).__name__} {id}: {set(details) - set(self.keys)}"
        self.id, self.optional = id, optional
        self.details = details.pop("extra_dict", {}) | details

    @property
    def io_type(self):
        return self.kind


class Output:
    """One output of a node."""

    def __init__(self, kind, display_name=None, tooltip=None, is_output_list=False):
        self.kind, self.display_name, self.tooltip = kind, display_name or kind, tooltip
        self.is_output_list = is_output_list


def comfy_type(name, *keys):
    """A type such as `io.Image` with its `Input` and `Output`."""
    made = type("Input", (Input,), {"kind": name, "keys": (*Input.keys, *keys)})
    return SimpleNamespace(io_type=name, Input=made, Output=lambda *a, **k: Output(name, *a, **k))


class MultiInput(Input):
    """An input that takes one of several types."""

    def __init__(self, id, types, **details):  # noqa: A002
        super().__init__(id, **details)
        self.types = types

    @property
    def io_type(self):
        return ",".join(one.io_type for one in self.types)


@dataclass
class Schema:
    """The fields that every supported ComfyUI knows; newer ones would raise TypeError in old versions."""

    node_id: str
    display_name: str | None = None
    category: str = "sd"
    inputs: list = field(default_factory=list)
    outputs: list = field(default_factory=list)
    hidden: list = field(default_factory=list)
    description: str = ""
    is_input_list: bool = False
    is_output_node: bool = False
    is_deprecated: bool = False
    is_experimental: bool = False
    is_api_node: bool = False
    not_idempotent: bool = False
    enable_expand: bool = False


class NodeOutput:
    """What a node gives back."""

    def __init__(self, *args, ui=None):
        self.args, self.ui = args, ui


@dataclass
class Blocker:
    """An output that stops what is connected to it; the message is shown, None is silent."""

    message: str | None


class Interrupted(BaseException):
    """What ComfyUI raises when the user presses cancel."""


class ComfyUI:
    """The state that the stand-ins share: folders, what the progress bar was told, whether to interrupt."""

    def __init__(self, base):
        self.base = Path(base)
        self.taken = {}
        self.model_roots = {}
        self.reset()

    def reset(self):
        """Forget what happened; folders stay."""
        self.updates = []
        self.interrupt_after = None
        self.device = "cpu"
        self.freed = []
        self.free_memory = 8e9
        self.taken.clear()

    def files(self):
        """What is in the temporary folder."""
        return set((self.base / "temp").glob("*"))

    def check(self):
        if self.interrupt_after is not None and len(self.updates) >= self.interrupt_after:
            raise Interrupted

    def modules(self):
        """The modules by name."""
        return {
            "comfy_api": ModuleType("comfy_api"),
            "comfy_api.latest": self._api(),
            "comfy_execution": ModuleType("comfy_execution"),
            "comfy_execution.graph": module("comfy_execution.graph", ExecutionBlocker=Blocker),
            "comfy": module("comfy", model_management=self._management()),
            "comfy.model_management": self._management(),
            "comfy.utils": module("comfy.utils", ProgressBar=self._bar),
            "folder_paths": self._folders(),
            "nodes": module("nodes", NODE_CLASS_MAPPINGS=self.taken),
        }

    def _api(self):
        numbers = ("default", "min", "max", "step", "control_after_generate")
        widgets = {
            "Int": comfy_type("INT", *numbers),
            "Float": comfy_type("FLOAT", *numbers, "round"),
            "Boolean": comfy_type("BOOLEAN", "default"),
            "String": comfy_type("STRING", "default", "multiline"),
            "Combo": comfy_type("COMBO", "options", "default"),
        }
        sockets = ("Image", "Audio", "Video", "Model", "Vae", "Clip_Vision")
        kinds = {name.replace("_", ""): comfy_type(name.upper()) for name in sockets}
        io = SimpleNamespace(
            **widgets, **kinds, Custom=comfy_type, MultiType=SimpleNamespace(Input=MultiInput),
            Schema=Schema, NodeOutput=NodeOutput, ComfyNode=type("ComfyNode", (), {}), Input=Input,
            Output=Output,
        )  # fmt: skip
        preview = SimpleNamespace(PreviewImage=Preview)
        impl = SimpleNamespace(VideoFromFile=VideoFile)
        return module(
            "comfy_api.latest",
            io=io,
            ui=preview,
            InputImpl=impl,
            ComfyExtension=type("ComfyExtension", (), {}),
        )

    def _management(self):
        return module(
            "comfy.model_management",
            throw_exception_if_processing_interrupted=self.check,
            get_torch_device=lambda: SimpleNamespace(type=self.device),
            free_memory=lambda size, device: self.freed.append((size, device.type)),
            get_free_memory=lambda _: self.free_memory,
        )

    def _add_root(self, key, path, is_default):
        self.model_roots.setdefault(key, []).insert(0 if is_default else -1, path)

    def _bar(self, total):
        def update(value, preview=None):
            self.updates.append((value, total, preview))

        return SimpleNamespace(update_absolute=update)

    def _folders(self):
        return module(
            "folder_paths",
            models_dir=str(self.base / "models"),
            add_model_folder_path=self._add_root,
            get_folder_paths=lambda key: self.model_roots.get(key, []),
            get_temp_directory=lambda: str(self.base / "temp"),
        )


class Preview:
    """Pictures shown on a node."""

    def __init__(self, image, cls=None):
        self.image, self.cls = image, cls

    def as_dict(self):
        return {"images": [{"filename": "preview.png"}], "animated": (False,)}


class VideoFile:
    """A VIDEO that is a file."""

    def __init__(self, path):
        self.path = path

    def save_to(self, path):
        Path(path).write_bytes(Path(self.path).read_bytes())


def module(name, **content):
    made = ModuleType(name)
    vars(made).update(content)
    return made


@contextmanager
def installed(base):
    """A `ComfyUI` with its folders under `base`, and the pack loaded from its path as ComfyUI loads it."""
    comfy = ComfyUI(base)
    before = dict(sys.modules)
    sys.modules.update(comfy.modules())
    try:
        name = str(PACK).replace(".", "_x_")
        spec = importlib.util.spec_from_file_location(name, PACK / "__init__.py")
        pack = importlib.util.module_from_spec(spec)
        sys.modules[name] = pack
        spec.loader.exec_module(pack)
        yield comfy, pack
    finally:
        for gone in [key for key in sys.modules if key.startswith(str(PACK)) or key in comfy.modules()]:
            del sys.modules[gone]
        sys.modules.update({key: value for key, value in before.items() if key not in sys.modules})


def describe(node):
    """A node as ComfyUI's `/object_info` describes it."""
    schema = node.define_schema()
    inputs = {"required": {}, "optional": {}}
    for one in schema.inputs:
        inputs["optional" if one.optional else "required"][one.id] = [one.io_type, one.details]
    return {
        "name": schema.node_id,
        "display_name": schema.display_name,
        "description": schema.description,
        "input": inputs,
        "output": [one.kind for one in schema.outputs],
        "output_name": [one.display_name for one in schema.outputs],
        "output_is_list": [one.is_output_list for one in schema.outputs],
    }
