"""Finds models in the package and in ComfyUI's folders, and loads them where ComfyUI computes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from . import package

if TYPE_CHECKING:
    from sonic import Model

FOLDER = "sonic_talk"  # key and name under models/; `sonic` belongs to another pack
DEVICES = ("auto", "cpu", "cuda")
MEMORY = 512 * 1024**2  # bytes that all networks take on a graphics card, with room to work


def register_folder() -> None:
    """Let ComfyUI look for models in `models/sonic_talk` and where `extra_model_paths.yaml` says."""
    import folder_paths

    path = Path(folder_paths.models_dir) / FOLDER
    folder_paths.add_model_folder_path(FOLDER, str(path), is_default=True)


def own_folders() -> dict[str, Path]:
    """Models in ComfyUI's folders by name: sub-folders that hold a `config.json`."""
    import folder_paths

    roots = [Path(root) for root in folder_paths.get_folder_paths(FOLDER)]
    found = (folder for root in roots if root.is_dir() for folder in sorted(root.iterdir()))
    models = [folder for folder in found if (folder / "config.json").is_file()]
    return {folder.name: folder for folder in reversed(models)}  # the first folder of a name counts


def names() -> list[str]:
    """What the loader offers: models of the package first."""
    if not package.is_here():
        return list(own_folders())
    import sonic

    return list(dict.fromkeys([*sonic.available_models(), *own_folders()]))


def load(name: str, device: str) -> Model:
    """The model `name` on "cpu", "cuda" or, with "auto", where ComfyUI computes."""
    package.require()
    import sonic

    chosen = choose_device(device)
    if chosen == "cuda":
        make_room()
    return sonic.load_model(own_folders().get(name, name), device=chosen)


def choose_device(wanted: str) -> str:
    """`wanted`, or for "auto" the card that ComfyUI uses, if ONNX Runtime can use it too, else the CPU."""
    if wanted != "auto":
        return wanted
    import onnxruntime
    from comfy import model_management

    card = model_management.get_torch_device().type == "cuda"
    return "cuda" if card and "CUDAExecutionProvider" in onnxruntime.get_available_providers() else "cpu"


def make_room() -> None:
    """Have ComfyUI move its own models off the card until ours fit."""
    from comfy import model_management

    model_management.free_memory(MEMORY, model_management.get_torch_device())


def state(name: str) -> list[tuple[str, int, int]]:
    """Name, size and time of every file of a model in ComfyUI's folders; it differs when one was replaced."""
    folder = own_folders().get(name)
    files = [] if folder is None else sorted(path for path in folder.iterdir() if path.is_file())
    return [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
