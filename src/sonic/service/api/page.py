"""Serves the studio, a page of static files that knows nothing but the API."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi.responses import RedirectResponse
from starlette.staticfiles import StaticFiles

import sonic

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.responses import Response
    from starlette.types import Scope

PATH = "/studio/"
FOLDER = Path(sonic.__file__).parent / "service" / "studio"


class _Page(StaticFiles):
    """Files that a browser may keep if it asks whether they are still the same."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def add_page(app: FastAPI) -> None:
    """Let `app` show the studio at `/studio/`, and send whoever opens the server's address there."""
    app.mount(PATH.rstrip("/"), _Page(directory=FOLDER, html=True), name="studio")
    app.add_api_route("/", _to_the_page, include_in_schema=False)


async def _to_the_page() -> RedirectResponse:
    return RedirectResponse(PATH.lstrip("/"))  # relative, so that it also works behind a proxy's prefix
