from __future__ import annotations

import runpy
from pathlib import Path

import sonic
from sonic.errors import SonicError

ROOT = Path(__file__).parents[1]


def children(error):
    """The errors of the tree; parts that other tests have loaded may have others for themselves."""
    found = [grandchild for child in error.__subclasses__() for grandchild in children(child)]
    return [error, *(one for one in found if one.__module__ == "sonic.errors")]


def test_the_pages_of_options_are_in_step_with_the_code():
    script = runpy.run_path(str(ROOT / "scripts" / "write_parameters.py"))
    written = (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8")
    assert written == script["render"](), "run python scripts/write_parameters.py"
    written = (ROOT / "docs" / "service-settings.md").read_text(encoding="utf-8")
    assert written == script["render_settings"](), "run python scripts/write_parameters.py"


def test_every_error_code_is_explained():
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    for error in children(SonicError):
        if error not in {SonicError, sonic.InputError}:
            assert f"`{error.code}`" in page, error.code


def test_codes_are_unique_and_drawn_in_the_tree():
    import sonic.errors

    errors = children(SonicError)
    codes = [error.code for error in errors]
    assert len(set(codes)) == len(codes)
    for error in errors:
        line = next(line for line in sonic.errors.__doc__.splitlines() if f"{error.__name__} " in line)
        assert error.code in line
