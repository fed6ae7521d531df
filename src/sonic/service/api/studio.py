"""Serves the studio: a static page that works with this API alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles

if TYPE_CHECKING:
    from fastapi import FastAPI

PAGE = Path(__file__).parents[1] / "studio"


def add_studio(app: FastAPI) -> None:
    """Let `app` answer `/studio/` with the page, and send visitors of `/` there."""
    app.mount("/studio", StaticFiles(directory=PAGE, html=True, check_dir=False), name="studio")
    app.add_api_route("/", _to_studio, include_in_schema=False, response_class=RedirectResponse)


async def _to_studio() -> RedirectResponse:
    return RedirectResponse("studio/")
