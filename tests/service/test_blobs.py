from __future__ import annotations

import hashlib

import pytest

pytest.importorskip("obstore")

from sonic.errors import FileGoneError, StorageError
from sonic.service.blobs import BlobStore

CONTENT = bytes(range(256)) * 5000  # more than one piece


@pytest.fixture(params=["folder", "s3"])
def blobs(request, tmp_path):
    if request.param == "folder":
        return BlobStore((tmp_path / "not there yet").as_uri())
    return BlobStore(request.getfixturevalue("s3_url"))


class TestBlobs:
    """What a folder and a bucket must do."""

    def test_bytes_and_files_come_back_by_their_digest(self, blobs, tmp_path):
        path = tmp_path / "video.mp4"
        path.write_bytes(CONTENT)
        for source in (CONTENT, path):
            blob = blobs.put(source)
            assert (blob.key, blob.size) == (hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
            assert blobs.size(blob.key) == len(CONTENT)
            assert blobs.read(blob.key) == CONTENT

    @pytest.mark.parametrize(("start", "end"), [(0, None), (5, 10), (1_100_000, None), (1000, 1_270_000)])
    def test_ranges(self, blobs, start, end):
        key = blobs.put(CONTENT).key
        assert b"".join(blobs.stream(key, start, end)) == CONTENT[start:end]

    def test_saved_files_are_whole(self, blobs, tmp_path):
        key = blobs.put(CONTENT).key
        assert blobs.save(key, tmp_path / "copy").read_bytes() == CONTENT

    def test_nothing_is_left_of_what_is_deleted(self, blobs):
        key = blobs.put(b"short").key
        assert blobs.exists(key)
        blobs.delete(key)
        blobs.delete(key)
        assert not blobs.exists(key)
        for look in (blobs.size, blobs.read, lambda key: list(blobs.stream(key))):
            with pytest.raises(FileGoneError, match="does not have this file"):
                look(key)

    @pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 63 + "\n"])
    def test_other_names_are_refused(self, blobs, key):
        with pytest.raises(StorageError, match="64 hexadecimal digits"):
            blobs.read(key)

    def test_only_a_bucket_gives_addresses(self, blobs):
        httpx = pytest.importorskip("httpx")
        key = blobs.put(b"short").key
        url = blobs.url(key, seconds=60)
        if url is not None:
            assert "Expires=60" in url
            assert httpx.get(url).content == b"short"

    def test_the_check_passes(self, blobs):
        blobs.check()


def test_a_folder_gets_no_addresses(tmp_path):
    store = BlobStore(tmp_path.as_uri())
    assert store.url(store.put(b"short").key) is None


def test_a_storage_out_of_reach_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(StorageError, match="check storage_url"):
        BlobStore((tmp_path / "file" / "folder").as_uri()).put(b"short")
