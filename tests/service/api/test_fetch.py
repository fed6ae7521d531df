from __future__ import annotations

import io
import socket

import pytest

from sonic.errors import ServiceError
from sonic.service import fetch
from sonic.service.fetch import Fetcher, GuardedNetwork, check_url, is_public

PRIVATE = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:7f00:1::",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_however_written(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "", "file:///etc/passwd", "ftp://example.org/x", "gopher://example.org", "http://", "http:///x",
        "http://user@example.org/", "http://user:word@example.org/", "https://example.org:99999/", "//b.org",
        "http://[::1", "http://example.org/\r\nHost: evil", "http://ex\u0430mple.org/", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_what_is_no_web_address(url):
    with pytest.raises(ServiceError) as caught:
        check_url(url)
    assert caught.value.code == "url_refused"


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
    ],
)
def test_this_machine_cannot_be_reached_by_any_of_its_names(host, receiver):
    url = f"http://{host}:{receiver.server_address[1]}/"
    with pytest.raises(ServiceError) as caught:
        Fetcher(seconds=5).fetch(url, io.BytesIO(), limit=10)
    assert caught.value.code in {"url_refused", "url_unreachable"}
    assert receiver.received == []


@pytest.fixture
def names(monkeypatch):
    """Makes names resolve to chosen addresses, one list for each time that they are asked for."""
    answers = {}
    real = socket.getaddrinfo

    def resolve(host, port, *arguments, **options):
        if host not in answers:
            return real(host, port, *arguments, **options)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in answers[host].pop(0)]

    monkeypatch.setattr(fetch.socket, "getaddrinfo", resolve)
    return answers


def test_one_private_address_among_public_ones_is_enough(names):
    names["mixed.example"] = [["8.8.8.8", "10.0.0.1"]]
    with pytest.raises(ServiceError, match="not a public address"):
        Fetcher(seconds=5).fetch("http://mixed.example/", io.BytesIO(), limit=10)


def test_the_connection_goes_to_the_address_that_was_checked(names, monkeypatch, receiver):
    """A name server that answers 127.0.0.1 the second time is not asked a second time."""
    names["rebinding.example"] = [["93.184.216.34"], ["127.0.0.1"]]
    reached = []

    def connect(_, host, *__, **___):
        reached.append(host)
        raise fetch.httpcore.ConnectError("not here")

    monkeypatch.setattr(fetch.httpcore.SyncBackend, "connect_tcp", connect)
    with pytest.raises(ServiceError, match="could not be fetched"):
        Fetcher(seconds=5).fetch(
            f"http://rebinding.example:{receiver.server_address[1]}/", io.BytesIO(), limit=10
        )
    assert reached == ["93.184.216.34"]
    assert len(names["rebinding.example"]) == 1


def test_redirects_are_checked_like_addresses(receiver, monkeypatch):
    receiver.answers = [(302, {"Location": "http://10.0.0.1/"}, b"")]
    monkeypatch.setattr(fetch, "is_public", lambda address: address == "127.0.0.1")
    with pytest.raises(ServiceError, match="not a public address"):
        Fetcher(seconds=5).fetch(receiver.url, io.BytesIO(), limit=10)
    receiver.answers = [(302, {"Location": "file:///etc/passwd"}, b"")]
    with pytest.raises(ServiceError, match="no address that is fetched"):
        Fetcher(seconds=5).fetch(receiver.url, io.BytesIO(), limit=10)


def test_a_download_and_its_limits(receiver):
    fetcher, target = Fetcher(allow_private=True, seconds=10), io.BytesIO()
    receiver.answers = [(301, {"Location": "/moved"}, b""), (200, {}, b"content")]
    assert fetcher.fetch(receiver.url, target, limit=7) == 7
    assert target.getvalue() == b"content"
    assert [path for path, _, _ in receiver.received] == ["/", "/moved"]
    assert "Authorization" not in receiver.received[0][1]
    receiver.answers = [(200, {}, b"x" * 100_000)]
    with pytest.raises(ServiceError) as caught:
        fetcher.fetch(receiver.url, io.BytesIO(), limit=50_000)
    assert caught.value.code == "too_large"
    receiver.answers = [302] * 9
    with pytest.raises(ServiceError, match="redirects"):
        fetcher.fetch(receiver.url, io.BytesIO(), limit=10)


def test_a_download_that_drips_is_given_up(receiver, monkeypatch):
    receiver.answers = [(200, {}, b"slow")]
    moments = iter(range(0, 1000, 7))
    monkeypatch.setattr(fetch.time, "monotonic", lambda: next(moments))
    with pytest.raises(ServiceError, match="took more than 10 s"):
        Fetcher(allow_private=True, seconds=10).fetch(receiver.url, io.BytesIO(), limit=10)


def test_sockets_of_this_machine_are_no_address():
    with pytest.raises(ServiceError):
        GuardedNetwork().connect_unix_socket("/var/run/docker.sock")
