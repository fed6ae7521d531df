from __future__ import annotations

import io
import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

import sonic
from sonic.config import options
from sonic.face.points import POINTS, REQUIRED


def test_options_are_those_of_the_config(live):
    listed = live.get("/v1/options").json()["options"]
    assert [entry["name"] for entry in listed] == [option.name for option in options()]
    seed = next(entry for entry in listed if entry["name"] == "seed")
    assert (seed["kind"], seed["maximum"], seed["optional"]) == ("int", 2**64 - 1, True)
    assert all(entry["help"] for entry in listed)


def test_models_and_samples(live, portrait_path):
    models = live.get("/v1/models").json()
    assert models["default"] in [model["id"] for model in models["data"]]
    samples = live.get("/v1/samples").json()["data"]
    assert {sample["kind"] for sample in samples} == {"image", "audio"}
    picture = next(sample for sample in samples if sample["kind"] == "image")
    answer = live.get(picture["url"])
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content == portrait_path.read_bytes()


def test_there_are_no_other_samples(live, problem):
    for name in ("nothing.jpg", "..%2f..%2fpyproject.toml", "talk.py"):
        problem(live.get(f"/v1/samples/{name}"), 404, "not_found")


def test_inspection_says_what_the_command_says(live, small_jpeg, speech_path, problem):
    picture = live.post("/v1/inspect", files={"image": small_jpeg}).json()
    assert (picture["kind"], picture["faces"], picture["usable"]) == ("image", 1, True)
    assert set(picture["face_box"]) == {"x", "y", "width", "height"}
    assert {"code", "severity", "value", "advice"} == set(picture["findings"][0])
    wide = live.post("/v1/inspect", files={"image": small_jpeg}, data={"config": '{"expand_ratio": 0.4}'})
    assert wide.json()["crop"]["width"] > picture["crop"]["width"]
    sound = live.post("/v1/inspect", files={"audio": speech_path.read_bytes()}).json()
    assert sound["kind"] == "audio"
    assert sound["turns"][0]["speaker"] == 1
    problem(
        live.post("/v1/inspect", files={"image": small_jpeg}, data={"config": "[]"}), 400, "invalid_request"
    )
    second = live.post("/v1/inspect", files={"image": small_jpeg}, data={"config": '{"face_index": 3}'})
    problem(second, 422, "face_index")
    both = {"image": small_jpeg, "audio": speech_path.read_bytes()}
    problem(live.post("/v1/inspect", files=both), 400, "invalid_request")
    problem(live.post("/v1/inspect", json={}), 415, "unsupported_media")


def test_inspection_takes_points_placed_by_hand(live, small_jpeg, problem):
    grey = io.BytesIO()
    Image.new("RGB", (512, 512), "grey").save(grey, "PNG")
    nobody = live.post("/v1/inspect", files={"image": grey.getvalue()}).json()
    assert (nobody["usable"], nobody["face_points"]) == (False, None)
    found = live.post("/v1/inspect", files={"image": small_jpeg}).json()["face_points"]
    assert list(found) == list(POINTS)
    placed = {name: found[name] for name in REQUIRED}
    as_text = live.post(
        "/v1/inspect", files={"image": grey.getvalue()}, data={"face_points": json.dumps(placed)}
    )
    report = as_text.json()
    assert report["usable"]
    assert list(report["face_points"]) == list(POINTS)
    assert {name: report["face_points"][name] for name in REQUIRED} == placed
    as_file = {"image": grey.getvalue(), "face_points": json.dumps(placed).encode()}
    assert live.post("/v1/inspect", files=as_file).json() == report
    for points, status, code in [
        ({"nose_tip": [1, 2]}, 422, "face_points"),
        ({"nose_tip": "x"}, 400, "invalid_request"),
    ]:
        answer = live.post(
            "/v1/inspect", files={"image": small_jpeg}, data={"face_points": json.dumps(points)}
        )
        problem(answer, status, code)
    problem(live.post("/v1/inspect", files={"face_points": b"{}"}), 400, "invalid_request")


def test_readiness_needs_a_worker(live, serve, finished):
    assert finished["status"] == "succeeded"
    ready = live.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    idle = serve().get("/readyz")
    assert (idle.status_code, idle.json()) == (503, {"status": "no_workers", "workers": 0, "queued": 0})
    assert live.get("/healthz").text == "ok"


def figures_of(client):
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
    }


def test_figures_for_prometheus(serve, order):
    client = serve()
    job = order(client).json()
    client.get("/v1/videos/vid_" + "0" * 26)
    figures = figures_of(client)
    assert figures["sonic_jobs", "queued"] == 1
    assert figures["sonic_jobs", "succeeded"] == 0
    assert figures["sonic_workers", "ready"] == 0
    assert figures["sonic_http_requests_total", "POST", "/v1/videos", "202"] == 1
    assert figures["sonic_http_requests_total", "GET", "/v1/videos/{job_id}", "404"] == 1
    assert figures["sonic_http_seconds_count", "POST", "/v1/videos"] == 1
    assert figures["sonic_job_wait_seconds_bucket", "+Inf", "started"] == 0
    assert figures["sonic_oldest_job_seconds",] > 0
    client.post(job["urls"]["cancel"])
    canceled = figures_of(client)
    assert canceled["sonic_job_wait_seconds_bucket", "3600.0", "canceled"] == 1
    assert 0 < canceled["sonic_job_wait_seconds_sum", "canceled"] < 3600
    assert canceled["sonic_oldest_job_seconds",] == 0


@pytest.mark.usefixtures("finished")
def test_the_manual_names_figures_that_there_are(live):
    manual = (Path(__file__).parents[3] / "docs" / "service-operations.md").read_text(encoding="utf-8")
    watching = manual.partition("## Watching it")[2]
    names = set(re.findall(r"sonic_[a-z_]+", watching))
    figures = figures_of(live)
    assert len(names) > 8
    assert names <= {name for name, *_ in figures} | {name.removesuffix("_bucket") for name, *_ in figures}
    assert figures["sonic_job_run_seconds_count", "succeeded"] >= 1


@pytest.mark.skipif(find_spec("httpx_sse") is None, reason="needs the client extra")
def test_the_stream_of_events_is_kept_alive(serve, order, monkeypatch):
    monkeypatch.setattr("fastapi.routing._PING_INTERVAL", 0.05)
    client = serve()
    job = order(client).json()
    with client.stream("GET", job["urls"]["events"]) as answer:
        comments = (line for line in answer.iter_lines() if line.startswith(":"))
        assert [next(comments) for _ in range(3)][1:] == [": ping", ": ping"]


def test_the_stream_of_a_deleted_job_ends(serve, order):
    client = serve()
    job = order(client).json()
    with client.stream("GET", job["urls"]["events"]) as answer:
        lines = answer.iter_lines()
        next(lines)
        client.delete(job["urls"]["self"])
        assert not [line for line in lines if line.startswith("event: completed")]


def test_the_studio_is_at_the_front_door(live):
    answer = live.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "studio/")


def test_the_version_is_the_packages(live):
    assert live.get("/openapi.json").json()["info"]["version"] == sonic.__version__
