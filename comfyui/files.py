"""Names files in ComfyUI's temporary folder, which it empties when it starts and ends."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any


def temporary_movie() -> Path:
    """The path of an MP4 file that is not there yet."""
    import folder_paths

    folder = Path(folder_paths.get_temp_directory())
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"sonic_{uuid.uuid4().hex}.mp4"


def save_input(video: Any) -> str:
    """Write a VIDEO, trimmed as it is, to a temporary file and return its path."""
    path = temporary_movie()
    video.save_to(str(path))
    return str(path)


def shown(paths: list[Path]) -> dict[str, Any]:
    """What makes ComfyUI play temporary files inside the node that made them."""
    entries = [{"filename": path.name, "subfolder": "", "type": "temp"} for path in paths]
    return {"images": entries, "animated": (True,)}
