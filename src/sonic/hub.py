"""Finds model folders by name: given paths, models inside the package, models in the cache."""

from __future__ import annotations

import difflib
import json
import os
import sys
from pathlib import Path
from typing import Any

from sonic.errors import ModelNotFoundError, WeightsError

FORMAT = 1  # of model folders
CONFIG_FILE = "config.json"


def home() -> Path:
    """Where Sonic keeps files: `SONIC_HOME`, or the user's cache folder."""
    if given := os.environ.get("SONIC_HOME"):
        return Path(given).expanduser()
    if given := os.environ.get("XDG_CACHE_HOME"):
        return Path(given).expanduser() / "sonic"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "sonic"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "sonic"
    return Path.home() / ".cache" / "sonic"


def available_models() -> tuple[str, ...]:
    """Names that `load_model` knows here: those inside the package, then those in `home()/models`."""
    folders = (folder for root in _roots() if root.is_dir() for folder in sorted(root.iterdir()))
    return tuple(dict.fromkeys(folder.name for folder in folders if (folder / CONFIG_FILE).is_file()))


def find_model(name: str | os.PathLike[str]) -> Path:
    """The folder of a model, by name or path.

    Raises:
        ModelNotFoundError: there is no such folder and no model of that name; the message lists the names.
    """
    text = os.fspath(name)
    candidates = (Path(text).expanduser(), *(root / text for root in _roots()))
    for folder in candidates:
        if os.path.isfile(folder / CONFIG_FILE):  # noqa: PTH113 - Path.is_file raises for too long names
            return folder
    raise ModelNotFoundError(_not_found(text, candidates[0]))


def read_config(folder: Path) -> dict[str, Any]:
    """The description inside a model folder.

    Raises:
        WeightsError: it is damaged, or of a format that this version does not read.
    """
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"The model in '{folder}' has no readable {CONFIG_FILE} ({error}).") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        found = config.get("format") if isinstance(config, dict) else None
        raise WeightsError(
            f"The model in '{folder}' has format {found}, this version reads {FORMAT}: get a matching one."
        )
    return config


def _roots() -> tuple[Path, ...]:
    return (Path(__file__).parent / "assets", home() / "models")


def _not_found(name: str, path: Path) -> str:
    if os.path.isdir(path):  # noqa: PTH112 - see find_model
        return f"The folder '{path}' holds no model: it has no {CONFIG_FILE}."
    known = available_models()
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{nearest[0]}'? " if nearest else ""
    return (
        f"There is no model '{name}': {hint}The models here are {', '.join(known) or 'none'}; "
        f"others are found as a folder or in '{home() / 'models'}'."
    )
