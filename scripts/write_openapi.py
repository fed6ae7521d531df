"""Writes docs/openapi.json, the description of the service's API, from the application."""

from __future__ import annotations

import json
from pathlib import Path

from sonic.service.api.app import create_app
from sonic.service.settings import ServiceSettings

PAGE = Path(__file__).parents[1] / "docs" / "openapi.json"


def render() -> str:
    document = create_app(ServiceSettings()).openapi()
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
