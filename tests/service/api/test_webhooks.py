from __future__ import annotations

import base64
import json

import pytest
import sqlalchemy

from sonic.errors import ConfigError
from sonic.service.fetch import GuardedNetwork
from sonic.service.outbox import Outbox
from sonic.service.queue import JobQueue
from sonic.service.schema import outbox as table
from sonic.service.store import JobStore
from sonic.service.webhooks import BACK_OFF, Postman, Signer

KEY = base64.b64encode(bytes(range(32))).decode()
SECRET = f"whsec_{KEY}"


@pytest.fixture
def postman(sqlite, clock):
    network = GuardedNetwork(allow_private=True)
    return Postman(Outbox(sqlite), Signer.of(SECRET), network, clock=lambda: clock().timestamp())


@pytest.fixture
def cancelled_job(sqlite, a_job):
    """Makes a job whose webhook is due."""

    def make(url):
        store = JobStore(sqlite)
        return store.cancel(store.create(a_job(webhook=url)).id)

    return make


@pytest.fixture
def rows(sqlite):
    def read():
        with sqlite.read() as transaction:
            return transaction.execute(sqlalchemy.select(table)).all()

    return read


def test_signatures_are_those_of_the_standard():
    """The example of the specification's reference libraries."""
    signer = Signer.of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signer.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "secret", ["", "whsec_", KEY, "whsec_short", "whsec_" + "!" * 40, "whsec_" + "A" * 200]
)
def test_secrets_that_are_none(secret):
    with pytest.raises(ConfigError, match="whsec_"):
        Signer.of(secret)


def test_a_message_arrives_once_and_is_signed(postman, cancelled_job, receiver, rows, clock):
    job = cancelled_job(receiver.url)
    assert postman.deliver() == 1
    assert postman.deliver() == 0
    [(path, headers, body)] = receiver.received
    assert path == "/"
    assert json.loads(body)["data"] == {"id": job.id, "object": "video", "status": "canceled", "error": None}
    assert int(headers["webhook-timestamp"]) == int(clock.now.timestamp())
    assert rows()[0].delivered_at is not None


def test_a_receiver_that_fails_is_tried_again_later_and_later(postman, cancelled_job, receiver, rows, clock):
    cancelled_job(receiver.url)
    receiver.answers = [500, 302, *[503] * 20]
    for wait in BACK_OFF:
        assert postman.deliver() == 1
        assert postman.deliver() == 0
        clock.advance(seconds=wait - 1)
        assert postman.deliver() == 0
        clock.advance(seconds=2)
    assert postman.deliver() == 1
    clock.advance(days=30)
    assert postman.deliver() == 0
    [row] = rows()
    assert (row.delivered_at, row.next_at, row.attempts) == (None, None, len(BACK_OFF) + 1)
    assert "503" in row.error
    assert len({headers["webhook-id"] for _, headers, _ in receiver.received}) == 1


def test_a_receiver_that_is_gone_is_left_alone(postman, cancelled_job, receiver, rows, clock):
    cancelled_job(receiver.url)
    receiver.answers = [410]
    postman.deliver()
    clock.advance(days=30)
    assert postman.deliver() == 0
    assert rows()[0].next_at is None


def test_private_addresses_are_refused_when_it_is_delivered(sqlite, cancelled_job, receiver, rows):
    cancelled_job(receiver.url)
    Postman(Outbox(sqlite), Signer.of(SECRET), GuardedNetwork()).deliver()
    assert receiver.received == []
    assert "not a public address" in rows()[0].error


def test_nobody_at_home_is_a_failure_like_others(postman, cancelled_job, rows):
    cancelled_job("http://127.0.0.1:9/")
    assert postman.deliver() == 1
    assert rows()[0].attempts == 1
    assert rows()[0].error


def test_only_what_was_asked_for_is_told(sqlite, a_job, postman, receiver):
    store = JobStore(sqlite)
    store.create(a_job(webhook=receiver.url, webhook_events=("start",)))
    JobQueue(sqlite).claim("worker")
    assert postman.deliver() == 1
    assert json.loads(receiver.received[0][2])["type"] == "video.started"
