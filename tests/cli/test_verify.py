from __future__ import annotations

import json

from PIL import Image


def test_marks_of_a_video_are_told(sonic_command, portrait_path, speech_path, tmp_path):
    output = tmp_path / "talk.mp4"
    size = ("--min-resolution", 256, "--crop", "face", "--inference-steps", 2, "--duration", 0.4, "--fps", 10)
    code, _, _ = sonic_command("generate", portrait_path, speech_path, "-o", output, *size)
    assert code == 0
    code, out, _ = sonic_command("verify", output)
    assert code == 0
    assert "label     AI-generated, by sonic-portrait" in out
    assert "origin    sonic" in out
    assert "verdict   synthetic" in out
    code, out, _ = sonic_command("verify", output, "--json")
    found = json.loads(out)
    assert (code, found["synthetic"], found["watermark"]["found"]) == (0, True, True)
    code, out, _ = sonic_command("info", output)
    assert f"number {found['label']['produce_id']}" in out
    assert "signed    no" in out


def test_a_picture_without_marks_ends_with_one(sonic_command, tmp_path):
    Image.new("RGB", (128, 96), "grey").save(tmp_path / "still.png")
    code, out, _ = sonic_command("verify", tmp_path / "still.png")
    assert code == 1
    assert "no mark found, which proves nothing" in out


def test_a_signed_video_tells_its_signer(sonic_command, portrait_path, speech_path, tmp_path, certified):
    output = tmp_path / "talk.mp4"
    size = ("--min-resolution", 256, "--crop", "face", "--inference-steps", 2, "--duration", 0.4, "--fps", 10)
    signing = ("--sign-with", *certified)
    code, _, _ = sonic_command("generate", portrait_path, speech_path, "-o", output, *size, *signing)
    assert code == 0
    code, out, _ = sonic_command("info", output)
    assert "valid, by a signer that no trust list vouches for" in out
    assert "signer    Test studio" in out
    assert "trainedAlgorithmicMedia" in out
    content = output.read_bytes()
    output.write_bytes(content[:-40] + bytes([content[-40] ^ 1]) + content[-39:])
    code, out, _ = sonic_command("verify", output)
    assert code == 1
    assert "INVALID" in out


def test_certificates_are_checked_first(sonic_command, portrait_path, speech_path, tmp_path, certified):
    signing = ("--sign-with", tmp_path / "missing.pem", certified[1])
    code, _, err = sonic_command("generate", portrait_path, speech_path, "-o", tmp_path / "t.mp4", *signing)
    assert code == 2
    assert "missing.pem' cannot be read" in err
