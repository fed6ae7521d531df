"""The page needs nothing from elsewhere and nothing that its content security policy forbids."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sonic

PAGE = Path(sonic.__file__).parent / "service" / "studio"
NAMESPACE = "http://www.w3.org/2000/svg"
FILES = sorted(path for path in PAGE.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_file_names_another_host(path):
    content = path.read_text("utf-8").replace(NAMESPACE, "")
    assert not re.search(r"https?://|[\"'(]//\w|wss?://", content)


def test_scripts_and_styles_are_in_files():
    markup = (PAGE / "index.html").read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", markup)


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".js"], ids=lambda path: path.name)
def test_modules_are_small_and_say_what_they_are_for(path):
    lines = path.read_text("utf-8").splitlines()
    assert lines[0].startswith("// ")
    assert lines[0].endswith(".")
    assert len(lines) < 200
    assert not re.search(r"innerHTML|eval\(|new Function", "\n".join(lines))


def test_every_module_is_used():
    imported = {PAGE / "app.js"}
    for path in FILES:
        if path.suffix == ".js":
            sources = re.findall(r'from "(\.[^"]+)"', path.read_text("utf-8"))
            imported |= {(path.parent / source).resolve() for source in sources}
    assert imported == {path for path in FILES if path.suffix == ".js"}
