from __future__ import annotations

import io
import json
import socket
import sys

import numpy as np
from PIL import Image


def test_a_repeated_order_gives_the_same_job_and_another_one_is_refused(live, order, problem):
    key = {"Idempotency-Key": "my-order-1"}
    first = order(live, config={"seed": 21}, headers=key).json()
    again = order(live, config={"seed": 21}, headers=key)
    assert again.json()["id"] == first["id"]
    problem(order(live, config={"seed": 22}, headers=key), 422, "idempotency")


def test_a_repeated_order_without_a_seed_is_the_same_too(live, order):
    key = {"Idempotency-Key": "my-order-2"}
    first, again = (order(live, config={"seed": None}, headers=key).json() for _ in range(2))
    assert first["id"] == again["id"]
    assert first["input"]["config"]["seed"] == again["input"]["config"]["seed"]


def test_the_same_video_is_not_made_twice(live, order, finished):
    again = order(live)
    assert again.status_code == 200
    assert again.json()["id"] != finished["id"]
    assert again.json()["output"]["bytes"] == finished["output"]["bytes"]


def test_an_answer_can_be_waited_for(serve, order):
    client = serve()
    answer = order(client, headers={"Prefer": "respond-async, wait=1"})
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "wait=1"
    assert answer.elapsed.total_seconds() >= 1
    assert client.get(answer.json()["urls"]["self"], headers={"Prefer": "wait=x"}).elapsed.total_seconds() < 1


def test_what_is_wrong_with_a_form_is_said(live, order, small_wav, small_jpeg, problem):
    assert "dynamic_scale" in problem(order(live, config={"dynamic_scale": 9}), 422, "config")
    assert "did you mean" in problem(order(live, config={"sed": 9}), 422, "config")
    problem(order(live, format="avi"), 400, "invalid_request")
    problem(order(live, consent={"statement": "yes"}), 400, "invalid_request")
    problem(order(live, face_points={"nose_tip": [1, 2]}), 422, "face_points")
    problem(order(live, webhook="http://user:word@example.org/"), 422, "url_refused")
    problem(order(live, surprise="x"), 400, "invalid_request")
    problem(live.post("/v1/videos", files={"image": small_jpeg}), 400, "invalid_request")
    problem(live.post("/v1/videos", data={"image": "x", "audio": "y"}), 415, "unsupported_media")
    as_json = {"Content-Type": "application/json"}
    problem(live.post("/v1/videos", content=b"{", headers=as_json), 400, "invalid_request")
    twice = [("image", small_jpeg), ("image", small_jpeg), ("audio", small_wav)]
    problem(live.post("/v1/videos", files=twice), 400, "invalid_request")
    bad = {"config": "{", "format": "mp4"}
    files = {"image": small_jpeg, "audio": small_wav}
    problem(live.post("/v1/videos", files=files, data=bad), 400, "invalid_request")
    problem(live.post("/v1/videos", files=files, data={"config": "[1]"}), 400, "invalid_request")
    problem(live.post("/v1/videos", files=files, data={"config": '{"fps": NaN}'}), 400, "invalid_request")


def test_files_are_looked_at_before_they_are_queued(live, order, small_wav, small_jpeg, problem):
    assert "picture" in problem(order(live, image=b"no picture at all"), 415, "image")
    assert "recording" in problem(order(live, audio=b"no recording"), 415, "audio")
    problem(order(live, audio=small_jpeg), 422, "no_audio_track")
    detail = problem(order(live, image=small_wav), 415, "image")
    assert "tmp" not in detail
    assert "input-" not in detail


def test_limits_of_size_pixels_and_seconds(serve, order, wav, tone, problem):
    client = serve(image_limit=1, audio_limit=1, pixel_limit=1, duration_limit=1.0)
    problem(order(client, audio=wav(tone(1.5))), 413, "audio_too_long")
    problem(order(client, image=b"x" * 1_100_000), 413, "too_large")
    problem(order(client, audio=b"x" * 40_000_000), 413, "too_large")
    problem(client.post("/v1/videos", json={"config": "x" * 300_000}), 413, "too_large")
    stream = io.BytesIO()
    Image.fromarray(np.zeros((1100, 1000, 3), np.uint8)).save(stream, "PNG")
    problem(order(client, image=stream.getvalue()), 413, "image_too_large")
    assert client.get("/v1/videos").json()["data"] == []


def test_a_body_without_an_announced_length_is_cut_off(serve, problem):
    client = serve()

    def long_body():
        for _ in range(30):
            yield b"x" * 10_000

    answer = client.post("/v1/videos", content=long_body(), headers={"Content-Type": "application/json"})
    problem(answer, 413, "too_large")


def test_a_slow_upload_is_given_up(serve):
    client = serve(upload_time=1.0)
    with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
        connection.sendall(
            b"POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )
        connection.settimeout(10)
        assert b"408" in connection.recv(100)


def test_consent_can_be_required(serve, order, problem):
    client = serve(require_consent=True)
    problem(order(client), 422, "consent_required")
    job = order(client, consent={"statement": "I agree.", "by": "Ada"}).json()
    assert job["consent"]["by"] == "Ada"
    assert job["consent"]["inputs"] == {"image": job["input"]["image"], "audio": job["input"]["audio"]}


def test_the_operators_hook_can_refuse_portraits(serve, order, tmp_path, monkeypatch, problem):
    (tmp_path / "blocklist.py").write_text(
        "def check(portrait):\n"
        "    assert portrait.ndim == 3 and portrait.shape[2] == 3\n"
        "    if portrait.shape[0] == 512:\n"
        "        raise ValueError('this person does not want to be animated')\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    client = serve(portrait_hook="blocklist:check")
    assert "does not want" in problem(order(client), 403, "portrait_refused")


def test_a_full_queue_says_when_to_come_back(serve, order, problem):
    client = serve(queue_limit=1)
    assert order(client).status_code == 202
    full = order(client, config={"seed": 8})
    problem(full, 429, "queue_full")
    assert int(full.headers["retry-after"]) >= 1


def test_webhooks_need_a_secret_and_a_public_address(serve, order, problem):
    problem(order(serve(), webhook="https://example.org/"), 422, "webhook")
    client = serve(webhook_secret="whsec_" + "A" * 44)
    problem(order(client, webhook="http://127.0.0.1/"), 422, "url_refused")


def test_files_can_be_fetched_from_addresses(live, serve, receiver, small_jpeg, small_wav, problem):
    body = {"image_url": receiver.url + "/p", "audio_url": receiver.url + "/a", "config": {"seed": 1}}
    receiver.answers = [(200, {}, small_jpeg), (200, {}, small_wav)]
    answer = live.post("/v1/videos", json=body)
    assert answer.status_code == 202, answer.text
    live.delete(answer.json()["urls"]["self"])
    receiver.answers = [404]
    problem(live.post("/v1/videos", json=body), 422, "url_unreachable")
    problem(serve(fetch_urls=True).post("/v1/videos", json=body), 422, "url_refused")
    problem(serve().post("/v1/videos", json=body), 422, "url_refused")


def test_listing_goes_page_by_page(serve, order, problem):
    client = serve()
    ids = [order(client, config={"seed": seed}).json()["id"] for seed in range(3)][::-1]
    first = client.get("/v1/videos", params={"limit": 2}).json()
    second = client.get("/v1/videos", params={"limit": 2, "after": first["next"]}).json()
    assert [job["id"] for job in first["data"] + second["data"]] == ids
    assert (first["has_more"], second["has_more"], second["next"]) == (True, False, None)
    assert client.get("/v1/videos", params={"status": "running"}).json()["data"] == []
    problem(client.get("/v1/videos", params={"limit": 0}), 400, "invalid_request")
    problem(client.get("/v1/videos", params={"status": "lost"}), 400, "invalid_request")


def test_cancel_and_delete(serve, order, problem):
    client = serve()
    job = order(client).json()
    assert client.post(job["urls"]["cancel"]).json()["status"] == "canceled"
    assert client.post(job["urls"]["cancel"]).json()["status"] == "canceled"
    assert client.delete(job["urls"]["self"]).status_code == 204
    problem(client.get(job["urls"]["self"]), 404, "job_not_found")
    problem(client.delete(job["urls"]["self"]), 404, "job_not_found")
    actions = [entry.action for entry in client.service.audit.entries()]
    assert actions == ["job.delete", "job.cancel", "job.cancel", "job.create"]


def test_ids_that_are_none_are_refused(live, problem):
    problem(live.get("/v1/videos/vid_1"), 400, "invalid_request")
    problem(live.get("/v1/videos/vid_" + "0" * 26), 404, "job_not_found")
    problem(live.get("/v1/videos/..%2f..%2fetc"), 404, "not_found")
    problem(live.put("/v1/videos"), 405, "method_not_allowed")


def test_large_seeds_arrive_whole(live, order):
    seed = 2**64 - 1
    answer = order(live, config={"seed": seed})
    assert json.loads(answer.text)["input"]["config"]["seed"] == seed
    live.delete(answer.json()["urls"]["self"])
