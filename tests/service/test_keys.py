from __future__ import annotations

import json
import sqlite3

import pytest

pytest.importorskip("sqlalchemy")

from sonic.cli.app import run
from sonic.errors import KeyNotFoundError, RateLimitError, UnauthorizedError
from sonic.service.audit import AuditLog
from sonic.service.keys import KeyStore
from sonic.service.rates import RateLimiter


@pytest.fixture
def keys(database):
    return KeyStore(database)


class TestKeys:
    def test_a_token_leads_to_its_key(self, keys):
        key, token = keys.create("anna", requests_per_minute=60, jobs_per_day=5)
        found = keys.check(token)
        assert (found.id, found.name, found.requests_per_minute, found.jobs_per_day) == (
            key.id,
            "anna",
            60,
            5,
        )

    @pytest.mark.parametrize(
        "change", [str.upper, lambda token: token[:-1], lambda _: "", lambda _: "sonic_key__"]
    )
    def test_other_tokens_are_refused_in_one_and_the_same_way(self, keys, change):
        _, token = keys.create("anna")
        with pytest.raises(UnauthorizedError, match="unknown or revoked"):
            keys.check(change(token))

    def test_the_secret_of_one_key_does_not_open_another(self, keys):
        one, token = keys.create("anna")
        other, _ = keys.create("berta")
        with pytest.raises(UnauthorizedError):
            keys.check(token.replace(one.id, other.id))

    def test_revoked_keys_stay_listed_and_open_nothing(self, keys, clock):
        key, token = keys.create("anna")
        assert keys.revoke(key.id).revoked_at == clock.now
        clock.advance(days=1)
        assert keys.revoke(key.id).revoked_at < clock.now
        with pytest.raises(UnauthorizedError):
            keys.check(token)
        assert [key.name for key in keys.list()] == ["anna"]
        with pytest.raises(KeyNotFoundError):
            keys.revoke("key_nobody")

    def test_the_last_use_is_noted_about_once_a_minute(self, keys, clock):
        key, token = keys.create("anna")
        first = clock.now
        keys.check(token)
        clock.advance(seconds=50)
        keys.check(token)
        assert keys.get(key.id).last_used_at == first
        clock.advance(seconds=20)
        keys.check(token)
        assert keys.get(key.id).last_used_at == clock.now


def test_rates_allow_a_burst_and_then_a_steady_pace():
    now = [0.0]
    limiter = RateLimiter(lambda: now[0])
    for _ in range(10):
        limiter.spend("anna", 60)
    with pytest.raises(RateLimitError, match="60 requests a minute") as refused:
        limiter.spend("anna", 60)
    assert refused.value.retry_after == 1
    limiter.spend("berta", 60)
    now[0] = 1.0
    limiter.spend("anna", 60)
    with pytest.raises(RateLimitError):
        limiter.spend("anna", 60)


def test_the_limiter_forgets_whoever_was_quiet_for_longest(monkeypatch):
    monkeypatch.setattr("sonic.service.rates._MOST", 2)
    limiter = RateLimiter(lambda: 0.0)
    for name in ("anna", "berta", "clara"):
        limiter.spend(name, 6)
    limiter.spend("anna", 6)
    with pytest.raises(RateLimitError):
        limiter.spend("clara", 6)


def test_the_command_makes_lists_and_revokes(tmp_path, capsys):
    where = ["--data", str(tmp_path)]
    assert run(["keys", "create", "anna", "--jobs-per-day", "3", *where]) == 0
    said = capsys.readouterr()
    token = said.out.strip()
    key_id = said.err.split()[0]
    assert token.split("_")[2] in key_id
    assert run(["keys", "revoke", key_id, *where]) == 0
    capsys.readouterr()
    assert run(["keys", "list", *where]) == 0
    assert "revoked" in capsys.readouterr().out
    assert run(["keys", "list", "--json", *where]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["id"], listed["jobs_per_day"]) == (key_id, 3)
    assert run(["keys", "revoke", "key_nobody", *where]) == 2
    assert "no API key" in capsys.readouterr().err

    with sqlite3.connect(tmp_path / "jobs.sqlite3") as connection:
        everything = "\n".join(connection.iterdump())
    connection.close()
    assert token.rpartition("_")[2] not in everything
    assert token[-20:] not in everything

    from sonic.service.database import Database

    database = Database(f"sqlite:///{tmp_path / 'jobs.sqlite3'}")
    assert [line.action for line in AuditLog(database).entries()] == ["key.revoke", "key.create"]
    database.close()
