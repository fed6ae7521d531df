"""`sonic annotate`: a page on which the points of a face are placed by hand."""

from __future__ import annotations

import base64
import io
import json
import re
import webbrowser
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sonic.errors import OutputExistsError, OutputPathError

if TYPE_CHECKING:
    import numpy.typing as npt

    from sonic.cli.app import Settings
    from sonic.face.points import FacePoints

_LONGEST_SIDE = 1600  # pixels of the picture inside the page; points count in the whole picture's pixels
_MODULES = tuple(
    f"modules/{name}.js" for name in ("dom", "facepoints", "magnifier", "gestures", "board")
)  # each behind those that it imports


@click.command()
@click.argument("portrait")
@click.option("-o", "--output", default="points.json", metavar="PATH", show_default=True,
              help="Where the points go; the page is written beside it, as .html.")  # fmt: skip
@click.option("--face-index", type=int, metavar="N", help="Which face to start from, 0 is the largest.")
@click.option("--open", "show", is_flag=True, help="Open the page in the browser.")
@click.option("-f", "--force", is_flag=True, help="Replace points that exist.")
@click.pass_obj
def annotate(
    settings: Settings, /, portrait: str, output: str, *, face_index: int | None, show: bool, force: bool
) -> None:
    """Place the points of the face in PORTRAIT by hand, for drawings in which none is found.

    Writes a first guess and a page without scripts from elsewhere: drag the points, save the file, and give
    it to sonic generate with --face-points.
    """
    settings.json = False
    target = Path(output)
    page = target.with_suffix(".html")
    _check(target, page, force=force)

    from sonic.evaluate.output import write_text
    from sonic.face.guess import guess_points
    from sonic.media.image import load_image

    image = load_image(portrait)
    points, found = guess_points(image, face_index=face_index)
    write_text(page, render_page(image, points, target.name))
    write_text(target, points.to_json())
    start = "Start from the face that was found" if found else "No face was found: start from an average one"
    click.echo(f"{start}, move the points in {page} and save them as {target}.", err=True)
    click.echo(str(target))
    if show:
        webbrowser.open(page.resolve().as_uri())


def render_page(image: npt.NDArray[Any], points: FacePoints, file_name: str) -> str:
    """The page as one HTML text, with the picture uint8 RGB [H, W, 3] and the points in it."""
    height, width = image.shape[:2]
    data = {
        "width": width,
        "height": height,
        "file": file_name,
        "points": points.places,
        "image": f"data:image/jpeg;base64,{_jpeg(image)}",
    }
    template = resources.files("sonic.cli").joinpath("annotate.html").read_text(encoding="utf-8")
    template = template.replace("__STYLE__", _studio_file("board.css"))
    template = template.replace("__SCRIPT__", "\n".join(_joined(_studio_file(name)) for name in _MODULES))
    # A closing tag inside the data would end the script element that holds it.
    return template.replace("__DATA__", json.dumps(data).replace("</", "<\\/"))


def _studio_file(name: str) -> str:
    """A file of the studio's page: both pages place points on the same board."""
    return (
        resources.files("sonic").joinpath("service", "studio", *name.split("/")).read_text(encoding="utf-8")
    )


def _joined(module: str) -> str:
    """A module as part of one script, since browsers load no modules from beside a page that is a file."""
    return re.sub(r"^import .*\n|^export ", "", module, flags=re.MULTILINE)


def _jpeg(image: npt.NDArray[Any]) -> str:
    from PIL import Image

    picture = Image.fromarray(image)
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=90)
    return base64.b64encode(stream.getvalue()).decode("ascii")


def _check(target: Path, page: Path, *, force: bool) -> None:
    if target.suffix != ".json":
        raise OutputPathError(f"The points {target} must end in .json: use -o points.json.")
    if not target.parent.is_dir():
        raise OutputPathError(f"The folder {target.parent} is missing: create it or choose another.")
    if taken := next((path for path in (target, page) if path.exists() and not force), None):
        raise OutputExistsError(f"{taken} already exists: choose another path, or replace it with --force.")
