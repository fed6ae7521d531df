"""The API is as its description says, whatever is sent to it."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

pytest.importorskip("hypothesis", reason="the test-service extra is not installed")

from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

ROOT = Path(__file__).parents[3]
DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]


def test_the_written_description_is_current():
    script = runpy.run_path(str(ROOT / "scripts" / "write_openapi.py"))
    assert json.loads(script["render"]()) == DOCUMENT, "run python scripts/write_openapi.py"


def test_the_server_gives_the_same_description(live):
    assert live.get("/openapi.json").json() == DOCUMENT


def test_the_examples_are_taken(live, small_jpeg, small_wav):
    body = DOCUMENT["paths"]["/v1/videos"]["post"]["requestBody"]["content"]["multipart/form-data"]["example"]
    data = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
    answer = live.post("/v1/videos", files={"image": small_jpeg, "audio": small_wav}, data=data)
    assert answer.status_code == 202, answer.text
    live.delete(answer.json()["urls"]["self"])
    body = DOCUMENT["paths"]["/v1/inspect"]["post"]["requestBody"]["content"]["multipart/form-data"][
        "example"
    ]
    report = live.post(
        "/v1/inspect", files={"image": small_jpeg}, data={"config": json.dumps(body["config"])}
    )
    assert report.status_code == 200, report.text


def test_the_example_of_a_video_is_one(finished):
    from sonic.service.api.documents import EXAMPLE, Video

    Video.model_validate(EXAMPLE)
    assert set(EXAMPLE) == set(finished)
    assert set(EXAMPLE["input"]) == set(finished["input"])
    assert set(EXAMPLE["urls"]) == set(finished["urls"])


def few(number):
    return settings(
        max_examples=number,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def described():
    schemathesis = pytest.importorskip("schemathesis")
    return schemathesis.openapi.from_dict(DOCUMENT)


@pytest.fixture(scope="module")
def send(live):
    """Sends a case and checks the answer against the description."""
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    def check(case):
        # The description cannot say which bytes are a picture: most of what it calls valid is refused.
        excluded = [positive_data_acceptance]
        case.call_and_validate(base_url=str(live.base_url), timeout=60, excluded_checks=excluded)

    return check


@pytest.mark.parametrize("mode", ["POSITIVE", "NEGATIVE"])
@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda part: part.strip("/"))
def test_nothing_that_is_sent_breaks_the_service(described, send, path, method, mode):
    from schemathesis import GenerationMode

    strategy = described[path][method.upper()].as_strategy(generation_mode=GenerationMode[mode])
    try:
        few(8 if method == "post" else 3)(given(case=strategy)(send))()
    except Unsatisfiable:
        assert mode == "NEGATIVE"  # there is nothing about it to get wrong


READING = [path for path, method in OPERATIONS if "{job_id}" in path and method == "get"]


@pytest.mark.parametrize("path", READING)
def test_nothing_that_is_asked_of_a_video_breaks_the_service(described, send, finished, path):
    @few(3)
    @given(case=described[path]["GET"].as_strategy())
    def ask(case):
        case.path_parameters["job_id"] = finished["id"]
        send(case)

    ask()
