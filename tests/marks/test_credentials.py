from __future__ import annotations

import sys

import numpy as np
import pytest

import sonic
from sonic.marks.credentials import SOURCE_TYPE, Signer, read_credentials
from sonic.media.audio import AudioSource
from sonic.media.film import Film
from sonic.media.metadata import read_info
from sonic.media.mux import open_writer

PROVENANCE = {
    "generator": "sonic 0.0",
    "model": "tiny",
    "seed": 7,
    "config": {"fps": 25.0},
    "inputs": {"image": "12" * 32, "audio": "34" * 32},
}
LABEL = '{"Label":"1","ContentProducer":"somebody","ProduceID":"5"}'


def write(path, signer=None):
    film = Film(
        (96, 64), 25.0, 5, AudioSource.open((np.zeros(48_000, np.float32), 48_000)), PROVENANCE, (), LABEL
    )
    seal = None if signer is None else lambda staged: signer.sign(staged, PROVENANCE)
    with open_writer(path, film, overwrite=True, seal=seal) as writer:
        for _ in range(film.frame_count):
            writer.write(np.full((64, 96, 3), 90, np.uint8))
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_signed_file_says_who_made_it_of_what(tmp_path, certified, suffix):
    path = write(tmp_path / f"talk{suffix}", Signer(*certified))
    found = read_credentials(path)
    assert (found.state, found.signer, found.tool) == ("untrusted", "Test studio", "sonic 0.0")
    assert found.source_type == SOURCE_TYPE
    assert found.inputs == PROVENANCE["inputs"]
    info = read_info(path)
    assert info.provenance == PROVENANCE
    assert info.label["ContentProducer"] == "somebody"


def test_signers_of_a_trusted_authority_are_trusted(tmp_path, certified):
    path = write(tmp_path / "talk.mp4", Signer(*certified))
    assert read_credentials(path, trust=certified[0]).state == "trusted"
    with pytest.raises(sonic.CertificateError, match="cannot be read"):
        read_credentials(path, trust=tmp_path / "missing.pem")


def test_a_change_after_signing_shows(tmp_path, certified):
    path = write(tmp_path / "talk.mp4", Signer(*certified))
    content = bytearray(path.read_bytes())
    middle = content.index(b"mdat") + 200
    content[middle] ^= 1
    path.write_bytes(content)
    assert read_credentials(path).state == "tampered"


def test_signing_again_replaces_the_credentials(tmp_path, certified):
    path = write(tmp_path / "talk.mp4", Signer(*certified))
    once = path.stat().st_size
    Signer(*certified).sign(path, PROVENANCE)
    assert read_credentials(path).state == "untrusted"
    assert abs(path.stat().st_size - once) < 200
    assert path.read_bytes().count(b"urn:c2pa:") == write(path, Signer(*certified)).read_bytes().count(
        b"urn:c2pa:"
    )


def test_an_unsigned_file_has_no_credentials(tmp_path):
    pytest.importorskip("c2pa")
    assert read_credentials(write(tmp_path / "talk.mp4")).state == "none"
    assert read_credentials(tmp_path / "nothing.webm").state == "none"


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_without_the_extra_nothing_is_claimed(tmp_path, certified, monkeypatch, suffix):
    plain = write(tmp_path / f"plain{suffix}")
    signed = write(tmp_path / f"signed{suffix}", Signer(*certified))
    monkeypatch.setitem(sys.modules, "c2pa", None)
    assert read_credentials(plain).state == "none"
    assert read_credentials(signed).state == "unchecked"
    with pytest.raises(sonic.DependencyError, match=r"sonic-portrait\[provenance\]"):
        Signer(*certified).check(signed)


def test_what_cannot_be_signed_is_refused_before_any_work(tmp_path, certified):
    chain, key = certified
    for name in ("talk.webm", "talk"):
        with pytest.raises(sonic.OutputPathError, match=r"write \.mp4"):
            Signer(chain, key).check(tmp_path / name)
    with pytest.raises(sonic.CertificateError, match="cannot be read"):
        Signer(tmp_path / "missing.pem", key).check(tmp_path / "talk.mp4")
    with pytest.raises(sonic.CertificateError, match="private key"):
        Signer(chain, chain).check(tmp_path / "talk.mp4")
    with pytest.raises(sonic.CertificateError, match="no certificate"):
        Signer(key, key).check(tmp_path / "talk.mp4")
    assert not list(tmp_path.iterdir())
