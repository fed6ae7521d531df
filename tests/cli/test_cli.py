from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

import sonic
from sonic.config import options

QUICK = ["--min-resolution", "256", "--crop", "face", "--inference-steps", "2", "--duration", "0.4"]
LONG_NAME = "x" * 300 + ".mp4"


def test_help_lists_the_commands(sonic_command):
    for arguments in ([], ["--help"], ["-h"]):
        code, out, _ = sonic_command(*arguments)
        assert code == 0
        assert "generate" in out
        assert "doctor" in out
    assert sonic_command("--version")[1].split()[-1] == sonic.__version__


def test_every_option_is_in_the_help_with_its_range(sonic_command):
    _, out, _ = sonic_command("generate", "--help")
    text = " ".join(out.split())
    for option in options():
        flag = "--" + option.name.replace("_", "-")
        assert flag in text
        assert option.help.replace("`", "") in text
        if option.kind is bool:
            assert f"--no-{flag[2:]}" in text
    assert "15 to 0.2" in text


def test_generate_writes_a_video_and_prints_its_path(sonic_command, portrait_path, speech_path, tmp_path):
    output = tmp_path / "talk.mp4"
    code, out, err = sonic_command("generate", portrait_path, speech_path, "-o", output, *QUICK, "--seed", 3)
    assert (code, out.strip()) == (0, str(output))
    assert "warning: min_resolution 256 is below" in err
    assert sonic.read_metadata(output)["config"]["inference_steps"] == 2
    code, _, err = sonic_command("generate", portrait_path, speech_path, "-o", output, *QUICK)
    assert code == 2
    assert "already exists" in err
    code, _, err = sonic_command("generate", portrait_path, speech_path, "-o", output, *QUICK, "-f", "-q")
    assert (code, err) == (0, "")


def test_every_kind_of_option_reaches_the_config(sonic_command, portrait_path, speech_path, tmp_path):
    code, out, _ = sonic_command(
        "generate", portrait_path, speech_path, "-o", tmp_path / "talk.mp4", *QUICK, "--json", "--seed", 5,
        "--no-temporal-smoothing", "--smoothing-filter", "ema", "--no-blink",
        "--lip-sync-refinement", "--fps", 12.5, "--face-index", 0,
        "--dynamic-scale", 1.2, "--motion-scale", 0, "--expand-ratio", 0.3, "--preset", "max",
        "--emotion", "happy", "--intensity", 0.4, "--head-motion", "calm", "--gaze", "camera",
        "--blink-rate", 12,
        "--denoise", "off", "--export-audio", "clean", "--speaker", 1, "--no-compensation",
        "--label", "visible", "--label-language", "zh", "--no-watermark",
        "--restore", "off",
    )  # fmt: skip
    report = json.loads(out)
    assert code == 0
    assert (report["frames"], report["seed"], report["size"]) == (5, 5, [256, 256])
    assert report["config"] == {
        "duration": 0.4, "preset": "max", "min_resolution": 256, "expand_ratio": 0.3, "inference_steps": 2,
        "dynamic_scale": 1.2, "motion_scale": 0.0, "lip_sync_refinement": True, "temporal_smoothing": False,
        "smoothing_filter": "ema", "denoise": "off", "export_audio": "clean", "speaker": "1",
        "compensation": False,
        "seed": 5, "fps": 12.5, "crop": "face", "blink": False, "face_index": 0,
        "emotion": "happy", "intensity": 0.4, "head_motion": "calm", "gaze": "camera", "blink_rate": 12.0,
        "label": "visible", "label_language": "zh", "watermark": False,
        "restore": "off",
    }  # fmt: skip
    assert {"analyse", "features", "motion", "render", "encode"} <= report["timings"].keys()


def test_info_reads_back_what_made_a_video(sonic_command, portrait_path, speech_path, tmp_path):
    output = tmp_path / "talk.webm"
    sonic_command("generate", portrait_path, speech_path, "-o", output, *QUICK, "--seed", 11)
    code, out, _ = sonic_command("info", output)
    assert code == 0
    assert "seed      11" in out
    assert "inference_steps = 2" in out
    found = json.loads(sonic_command("info", output, "--json")[1])
    assert (found["provenance"]["seed"], found["width"]) == (11, 256)
    assert sonic_command("info", speech_path)[0] == 2
    assert "is a picture" in sonic_command("info", portrait_path)[2]
    assert sonic_command("info", tmp_path / "missing.mp4")[0] == 2


def test_models_and_doctor(sonic_command):
    assert sonic_command("models")[1].startswith("sonic-base")
    listed = json.loads(sonic_command("models", "--json")[1])
    assert listed[0]["name"] == "sonic-base"
    code, out, _ = sonic_command("doctor", "--json")
    findings = json.loads(out)
    assert code == 0
    assert {finding["state"] for finding in findings} <= {"OK", "WARN"}
    assert any(finding["subject"] == "model sonic-base" for finding in findings)
    assert "libx264" in sonic_command("doctor")[1]


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["generate", "{portrait}"], "Missing argument 'AUDIO'", "usage"),
        (["generate", "{portrait}", "{speech}", "--fpss", "3"], "--fpss", "usage"),
        (["generate", "{portrait}", "{speech}", "--fps", "fast"], "fast", "usage"),
        (["generate", "{portrait}", "{speech}", "--fps", "3"], "10 to 60", "config"),
        (["generate", "{portrait}", "{speech}", "--crop", "half"], "full or face", "config"),
        (["generate", "nobody.jpg", "{speech}"], "nobody.jpg", "image"),
        (["generate", "{speech}", "{speech}"], "not a picture", "image"),
        (["generate", "{portrait}", "nothing.wav"], "nothing.wav", "audio"),
        (["generate", "{portrait}", "{portrait}"], "no sound track", "no_audio_track"),
        (["generate", "{portrait}", "{speech}", "-o", "talk.avi"], ".avi", "output_path"),
        (["generate", "{portrait}", "{speech}", "-o", "nowhere/talk.mp4"], "nowhere", "output_path"),
        (["generate", "{portrait}", "{speech}", "--model", "sonic-bass"], "sonic-base", "model_not_found"),
        (["generate", LONG_NAME, "{speech}"], "does not exist", "image"),
        (["generate", "{portrait}", LONG_NAME], "does not exist", "audio"),
        (["generate", "{portrait}", "{speech}", "-o", LONG_NAME], "name too long", "output_path"),
        (["generate", "{portrait}", "{speech}", "--model", LONG_NAME], "no model", "model_not_found"),
        (["info", LONG_NAME], "does not exist", "input"),
        (["nonsense"], "nonsense", "usage"),
    ],
)  # fmt: skip
def test_mistakes_are_one_line(
    sonic_command, portrait_path, speech_path, tmp_path, monkeypatch, arguments, message, code
):
    monkeypatch.chdir(tmp_path)
    arguments = [text.format(portrait=portrait_path, speech=speech_path) for text in arguments]
    exit_code, out, err = sonic_command(*arguments)
    assert exit_code == (3 if code == "model_not_found" else 2)
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message in err
    assert list(tmp_path.iterdir()) == []
    _, out, _ = sonic_command(*arguments, "--json")
    assert json.loads(out)["error"]["code"] == code


def test_debug_shows_where_it_happened(sonic_command, portrait_path):
    code, _, err = sonic_command("generate", portrait_path, "nothing.wav", "--debug")
    assert code == 2
    assert "Traceback" in err


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (getattr(signal, "SIGHUP", 1), 129)]
)
def test_an_interrupt_leaves_nothing_behind(portrait_path, wav, tone, tmp_path, number, code):
    (tmp_path / "long.wav").write_bytes(wav(tone(120.0)))
    work = tmp_path / "work"
    work.mkdir()
    command = [
        sys.executable,
        "-m",
        "sonic",
        "generate",
        portrait_path,
        tmp_path / "long.wav",
        "-o",
        work / "talk.mp4",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not list(work.glob(".sonic-*/talk.mp4")):  # it appears when drawing begins
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        process.send_signal(number)
        if number == signal.SIGINT:
            process.send_signal(number)  # people press Ctrl-C more than once
        _, err = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in err) == (code, False), err
    assert list(work.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_what_a_killed_one_left_is_removed_by_the_next(sonic_command, portrait_path, wav, tone, tmp_path):
    (tmp_path / "long.wav").write_bytes(wav(tone(120.0)))
    work = tmp_path / "work"
    work.mkdir()
    command = ["-m", "sonic", "generate", portrait_path, tmp_path / "long.wav", "-o", work / "talk.mp4"]
    with subprocess.Popen([sys.executable, *command, "--quiet"]) as process:
        while not list(work.glob(".sonic-*/talk.mp4")):
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
    assert list(work.iterdir())
    sonic_command("generate", portrait_path, "nothing.wav", "-o", work / "talk.mp4")
    assert not list(work.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_an_interrupt_during_imports_is_quiet():
    code = "import os, signal; from sonic.cli.signals import stopping_at_once\n"
    code += "with stopping_at_once(): os.kill(os.getpid(), signal.SIGINT)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (130, "error: stopped")


def test_train_without_a_command_shows_its_help(sonic_command):
    code, _, err = sonic_command("train")
    assert (code == 2 and err.startswith("Usage")) or (code == 3 and "pip install" in err)


def test_train_is_there_or_says_what_to_install(sonic_command):
    code, out, err = sonic_command("train", "--help")
    assert (code == 0 and "Usage" in out) or (code == 3 and "pip install 'sonic-portrait[train]'" in err)


def test_a_preview_is_drawn_again_as_the_final(sonic_command, portrait_path, speech_path, tmp_path):
    draft, final = tmp_path / "draft.mp4", tmp_path / "final.mp4"
    inputs = ("generate", portrait_path, speech_path, "--quiet")
    options = ("--crop", "face", "--inference-steps", 2, "--duration", 0.4)
    assert sonic_command(*inputs, *options, "--preview", "-o", draft)[0] == 0
    assert sonic_command(*inputs, "--like", draft, "--min-resolution", 512, "-o", final)[0] == 0
    made, again = sonic.read_metadata(draft), sonic.read_metadata(final)
    assert again["config"] == made["config"] | {"preset": "high", "min_resolution": 512}
    code, _, err = sonic_command(*inputs, "--like", portrait_path)
    assert code == 2
    assert "give" in err
