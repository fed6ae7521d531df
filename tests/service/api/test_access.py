from __future__ import annotations

import logging
import time

import pytest

from sonic.errors import ConfigError
from sonic.service.api.access import is_loopback
from sonic.service.server import check


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def guarded(serve):
    """A server that needs tokens, with its key store."""
    return serve(token="operator-token")


@pytest.fixture
def key(guarded):
    return guarded.service.keys.create("a website")


def test_a_token_is_needed_and_must_be_right(guarded, key, problem):
    answer = guarded.get("/v1/videos")
    problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"
    for wrong in ("x", key[1] + "x", key[1][:-1], f"sonic_{key[0].id}_", "Ünïcode"):
        problem(
            guarded.get("/v1/videos", headers={b"authorization": f"Bearer {wrong}".encode()}),
            401,
            "unauthorized",
        )
    for right in (key[1], "operator-token"):
        assert guarded.get("/v1/videos", headers=bearer(right)).status_code == 200
    assert guarded.get("/healthz").status_code == 200
    problem(guarded.get("/metrics"), 401, "unauthorized")


def test_a_revoked_key_is_refused(guarded, key, problem):
    guarded.service.keys.revoke(key[0].id)
    problem(guarded.get("/v1/videos", headers=bearer(key[1])), 401, "unauthorized")


def test_nobody_sees_the_jobs_of_others(guarded, key, order, problem):
    other = guarded.service.keys.create("another website")[1]
    job = order(guarded, headers=bearer(key[1])).json()
    for path in (job["urls"]["self"], job["urls"]["events"], job["urls"]["content"]):
        problem(guarded.get(path, headers=bearer(other)), 404, "job_not_found")
    problem(guarded.delete(job["urls"]["self"], headers=bearer(other)), 404, "job_not_found")
    assert guarded.get("/v1/videos", headers=bearer(other)).json()["data"] == []
    assert len(guarded.get("/v1/videos", headers=bearer("operator-token")).json()["data"]) == 1


def test_rates_and_quotas(guarded, order, problem):
    slow = guarded.service.keys.create("slow", requests_per_minute=6)[1]
    assert guarded.get("/v1/videos", headers=bearer(slow)).status_code == 200
    answer = guarded.get("/v1/videos", headers=bearer(slow))
    problem(answer, 429, "rate_limited")
    assert 1 <= int(answer.headers["retry-after"]) <= 10
    small = guarded.service.keys.create("small", jobs_per_day=1)[1]
    assert order(guarded, headers=bearer(small)).status_code == 202
    problem(order(guarded, config={"seed": 8}, headers=bearer(small)), 429, "quota")


def test_nothing_is_read_before_the_token(guarded, problem):
    problem(guarded.post("/v1/videos", content=b"x" * 1000), 401, "unauthorized")
    problem(guarded.post("/v1/inspect", content=b"x" * 1000), 401, "unauthorized")


def test_a_server_for_others_must_have_a_token(settings_of):
    from sonic.service.database import Database
    from sonic.service.keys import KeyStore

    settings = settings_of(host="0.0.0.0")
    with pytest.raises(ConfigError, match="sonic keys create"):
        check(settings)
    check(settings_of(host="0.0.0.0", token="word"))
    database = Database(settings.database)
    key, _ = KeyStore(database).create("website")
    check(settings)
    KeyStore(database).revoke(key.id)
    database.close()
    with pytest.raises(ConfigError, match="sonic keys create"):
        check(settings)
    with pytest.raises(ConfigError, match="whsec_"):
        check(settings_of(webhook_secret="short"))


def test_what_counts_as_this_machine_alone():
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.9.9.9", "::1")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.0.1", "example.org", "")))


def test_other_web_pages_cannot_use_a_server_without_a_token(live, problem):
    foreign = {"Origin": "https://evil.example"}
    problem(live.post("/v1/videos", headers=foreign), 403, "cross_site")
    problem(live.post("/v1/videos", headers={"Sec-Fetch-Site": "cross-site"}), 403, "cross_site")
    problem(live.post("/v1/videos", headers={"Origin": "null"}), 403, "cross_site")
    problem(live.get("/v1/videos", headers={"Host": "evil.example"}), 421, "misdirected")
    problem(live.get("/v1/videos", headers={"Host": "[::1"}), 421, "misdirected")
    assert "access-control-allow-origin" not in live.get("/v1/videos", headers=foreign).headers
    own = {"Origin": str(live.base_url).rstrip("/")}
    problem(live.post("/v1/videos", headers=own), 415, "unsupported_media")


def test_origins_can_be_let_in(serve, problem):
    client = serve(cors_origins="https://app.example, https://two.example", allowed_hosts="sonic.lan")
    answer = client.get("/v1/options", headers={"Origin": "https://two.example", "Host": "sonic.lan:80"})
    assert answer.headers["access-control-allow-origin"] == "https://two.example"
    problem(client.post("/v1/videos", headers={"Origin": "https://app.example"}), 415, "unsupported_media")
    problem(client.post("/v1/videos", headers={"Origin": "https://three.example"}), 403, "cross_site")


def test_every_answer_has_the_security_headers(live):
    for path in ("/healthz", "/nothing", "/v1/options", "/"):
        headers = live.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"


def test_requests_are_logged_without_secrets(guarded, key, caplog):
    with caplog.at_level(logging.INFO, "sonic.service.requests"):
        answer = guarded.get("/v1/videos?after=secret-query", headers=bearer(key[1]))
        for _ in range(1000):  # it is written after the answer has been sent
            if written := [line for line in caplog.records if line.name == "sonic.service.requests"]:
                break
            time.sleep(0.01)
    record = written[0]
    assert record.fields["key"] == key[0].id
    assert record.fields["request"] == answer.headers["x-request-id"]
    assert (record.fields["path"], record.fields["status"]) == ("/v1/videos", 400)
    assert not {"secret-query", key[1]} & set(map(str, record.fields.values()))
