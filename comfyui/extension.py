"""Tells ComfyUI which nodes there are, and where models of Sonic are found."""

from __future__ import annotations

import logging

from comfy_api.latest import ComfyExtension, io

from . import compatibility, package
from .models import register_folder
from .node_final import SonicFinal
from .node_generate import SonicGenerate
from .node_load import SonicLoadModel
from .node_portrait import SonicPortrait
from .node_sample import SonicSample
from .node_voice import SonicVoice

logger = logging.getLogger(__name__)

NODES: tuple[type[io.ComfyNode], ...] = (
    SonicLoadModel,
    SonicPortrait,
    SonicVoice,
    SonicGenerate,
    SonicFinal,
    SonicSample,
)


class SonicExtension(ComfyExtension):
    """The node pack."""

    async def on_load(self) -> None:
        """Add the model folder, and say early what is missing."""
        register_folder()
        if not package.is_here():
            logger.warning(package.missing())

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """All nodes, with those of the other wrapper's graphs where their names are free."""
        return [*NODES, *compatibility.free_nodes()]
