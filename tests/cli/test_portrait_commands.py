from __future__ import annotations

import json

import pytest
from PIL import Image

from sonic.face.points import POINTS, FacePoints


def test_inspect_prints_the_report(sonic_command, portrait_path):
    code, out, _ = sonic_command("inspect", portrait_path)
    assert code == 0
    assert out.startswith("score")
    assert "warning   small_face: The face is only" in out


def test_inspect_as_json(sonic_command, portrait_path):
    code, out, _ = sonic_command("inspect", portrait_path, "--json")
    report = json.loads(out)
    assert code == 0
    assert report["usable"] is True
    assert 0 < report["score"] <= 100
    assert "small_face" in [finding["code"] for finding in report["findings"]]


def test_inspect_of_a_picture_without_a_face(sonic_command, tmp_path):
    Image.new("RGB", (300, 200), "grey").save(tmp_path / "grey.png")
    code, out, _ = sonic_command("inspect", tmp_path / "grey.png")
    assert code == 0
    assert "score     0 of 100 (cannot be animated)" in out
    assert "refuse    no_face" in out


def test_annotate_writes_a_guess_and_a_page(sonic_command, portrait_path, tmp_path):
    target = tmp_path / "points.json"
    code, out, err = sonic_command("annotate", portrait_path, "-o", target)
    assert (code, out.strip()) == (0, str(target))
    assert "the face that was found" in err
    assert set(FacePoints.read(target).places) == set(POINTS)
    page = (tmp_path / "points.html").read_text(encoding="utf-8")
    assert "data:image/jpeg;base64," in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert sonic_command("annotate", portrait_path, "-o", target)[0] == 2
    assert sonic_command("annotate", portrait_path, "-o", target, "-f")[0] == 0


def test_annotate_starts_from_an_average_face(sonic_command, tmp_path):
    Image.new("RGB", (300, 200), "grey").save(tmp_path / "grey.png")
    code, _, err = sonic_command("annotate", tmp_path / "grey.png", "-o", tmp_path / "grey.json")
    assert code == 0
    assert "No face was found" in err


@pytest.mark.parametrize("name", ["points.txt", "missing/points.json"])
def test_annotate_says_where_it_cannot_write(sonic_command, portrait_path, tmp_path, name):
    code, _, err = sonic_command("annotate", portrait_path, "-o", tmp_path / name)
    assert code == 2
    assert err.startswith("error:")
