"""What there is to choose from: options, models, samples."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse

import sonic
from sonic.config import options
from sonic.hub import available_models, find_model, read_config
from sonic.service.api.access import Asking
from sonic.service.api.context import Here
from sonic.service.api.documents import ModelList, OptionList, SampleList
from sonic.service.api.problems import refused

if TYPE_CHECKING:
    from sonic.options import Option

router = APIRouter(tags=["catalogue"])

_PACKAGE = Path(sonic.__file__).parent
# Wheels carry the samples inside of the package, a source tree keeps them beside it.
_FOLDERS = (_PACKAGE / "service" / "samples", _PACKAGE.parents[1] / "examples")
_SAMPLES = {
    "portrait.jpg": {"kind": "image", "media_type": "image/jpeg"},
    "speech.wav": {"kind": "audio", "media_type": "audio/wav"},
}


@router.get("/v1/options", response_model=OptionList, summary="List the options")
async def list_options(_: Asking) -> JSONResponse:
    """Every option of a video with default, range, unit and help."""
    return JSONResponse({"object": "list", "options": [_described(option) for option in options()]})


@router.get("/v1/models", response_model=ModelList, summary="List the models")
async def list_models(service: Here, _: Asking) -> JSONResponse:
    """The models that are installed; `default` is the one that the workers use."""
    return JSONResponse(await run_in_threadpool(_models, service.settings.model))


@router.get("/v1/samples", response_model=SampleList, summary="List the samples")
async def list_samples(_: Asking) -> JSONResponse:
    """A portrait and a voice to begin with, free to use."""
    found = [
        {"id": name, "name": name, "url": f"/v1/samples/{name}", **about}
        for name, about in _SAMPLES.items()
        if _path(name) is not None
    ]
    return JSONResponse({"object": "list", "data": found})


@router.get(
    "/v1/samples/{name}",
    response_class=FileResponse,
    responses={200: {"content": {about["media_type"]: {} for about in _SAMPLES.values()}}},
    summary="Download a sample",
)
async def get_sample(name: str, _: Asking) -> FileResponse:
    """One of the samples."""
    path = _path(name) if name in _SAMPLES else None
    if path is None:
        raise refused("not_found", "There is no such sample: /v1/samples lists them.")
    return FileResponse(
        path, media_type=_SAMPLES[name]["media_type"], headers={"Cache-Control": "max-age=3600"}
    )


def _described(option: Option) -> dict[str, Any]:
    return {**dataclasses.asdict(option), "kind": option.kind.__name__}


def _models(default: str) -> dict[str, Any]:
    found = [
        {"id": name, "description": str(read_config(find_model(name)).get("description", ""))}
        for name in available_models()
    ]
    return {"object": "list", "data": found, "default": Path(default).name}


def _path(name: str) -> Path | None:
    return next((folder / name for folder in _FOLDERS if (folder / name).is_file()), None)
