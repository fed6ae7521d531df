from __future__ import annotations

import httpx
import pytest


@pytest.fixture(scope="module")
def content(live, finished):
    return live.get(finished["urls"]["content"])


def test_a_part_of_the_file(live, finished, content, problem):
    url, whole = finished["urls"]["content"], content.content
    spans = {"bytes=0-9": slice(0, 10), "bytes=10-": slice(10, None), "bytes=-7": slice(len(whole) - 7, None)}
    for header, span in spans.items():
        part = live.get(url, headers={"Range": header})
        assert part.status_code == 206
        assert part.content == whole[span]
        start, stop, _ = span.indices(len(whole))
        assert part.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(whole)}"
    ignored = live.get(url, headers={"Range": "bytes=0-1,4-5"})
    assert (ignored.status_code, len(ignored.content)) == (200, len(whole))
    beyond = live.get(url, headers={"Range": f"bytes={len(whole)}-"})
    problem(beyond, 416, "range_not_satisfiable")


def test_a_file_that_is_known_is_not_sent_again(live, finished, content):
    url, tag = finished["urls"]["content"], content.headers["etag"]
    assert "immutable" in content.headers["cache-control"]
    assert live.get(url, headers={"If-None-Match": f'"other", {tag}'}).status_code == 304
    assert live.get(url, headers={"If-None-Match": '"other"'}).status_code == 200
    assert live.get(url, headers={"Range": "bytes=0-9", "If-Range": tag}).status_code == 206
    assert live.get(url, headers={"Range": "bytes=0-9", "If-Range": '"other"'}).status_code == 200
    thumbnail = live.get(finished["urls"]["thumbnail"])
    assert thumbnail.headers["content-type"] == "image/jpeg"
    again = live.get(finished["urls"]["thumbnail"], headers={"If-None-Match": thumbnail.headers["etag"]})
    assert again.status_code == 304


def test_only_the_headers_of_a_file(live, finished, content):
    head = live.head(finished["urls"]["content"])
    assert head.content == b""
    assert head.headers["content-length"] == str(len(content.content))
    assert head.headers["etag"] == content.headers["etag"]


def test_inputs_come_back_with_their_own_media_type(live, finished, small_jpeg, small_wav, problem):
    for kind, content, media_type in (("image", small_jpeg, "image/jpeg"), ("audio", small_wav, "audio/wav")):
        answer = live.get(f"{finished['urls']['self']}/inputs/{kind}")
        assert (answer.content, answer.headers["content-type"]) == (content, media_type)
        assert answer.headers["content-disposition"] == "attachment"
    problem(live.get(f"{finished['urls']['self']}/inputs/passwd"), 400, "invalid_request")


def test_there_is_nothing_to_see_before_there_is(serve, order, problem):
    client = serve()
    job = order(client).json()
    problem(client.get(job["urls"]["content"]), 409, "not_finished")
    problem(client.get(job["urls"]["thumbnail"]), 409, "not_finished")
    problem(client.get(job["urls"]["preview"]), 409, "no_content")


def test_a_file_that_was_deleted_is_gone(serve, order, problem):
    client = serve()
    job = order(client).json()
    client.service.blobs.delete(job["input"]["image"])
    problem(client.get(f"{job['urls']['self']}/inputs/image"), 410, "file_gone")


def test_files_in_a_bucket(serve, order, s3_url, small_jpeg):

    for redirects, status in ((False, 200), (True, 302)):
        client = serve(storage_url=s3_url, download_redirects=redirects)
        answer = client.get(order(client).json()["urls"]["self"] + "/inputs/image")
        assert answer.status_code == status
        content = httpx.get(answer.headers["location"]).content if redirects else answer.content
        assert content == small_jpeg


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (b"\0\0\0\x20ftypM4A ", "audio/mp4"),
        (b"\0\0\0\x20ftypisom", "video/mp4"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90", "audio/mpeg"),
        (b"\xff\xf1\x50", "audio/aac"),
        (b"<svg onload=alert(1)>", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_media_types_come_from_the_content(head, media_type):
    from sonic.service.media_types import media_type_of

    assert media_type_of(head) == media_type
