"""Sonic's nodes for ComfyUI: a portrait and a voice recording in, a talking video out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .extension import SonicExtension

WEB_DIRECTORY = "./web"  # help pages of the nodes


async def comfy_entrypoint() -> SonicExtension:
    """What ComfyUI calls to learn which nodes there are."""
    from .extension import SonicExtension

    return SonicExtension()


__all__ = ["WEB_DIRECTORY", "comfy_entrypoint"]
