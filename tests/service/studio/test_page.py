"""The page in a real browser: from a picture and a sound to a video, and everything around it."""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import sys
import time

import av
import pytest
from PIL import Image

from sonic.config import GenerateConfig, options
from sonic.media.metadata import read_metadata

SHORT = {"duration": 1, "fps": 10, "inference_steps": 2, "min_resolution": 256, "crop": "face", "seed": 11}


def fill(page, portrait, speech):
    """Choose both files and quick settings."""
    page.set_input_files("#portrait-file", portrait)
    page.set_input_files("#voice-file", speech)
    page.wait_for_selector("#portrait-advice li")
    page.wait_for_selector("#voice-advice p:not(.waiting), #voice-advice li")
    page.click(".advanced > summary")
    for name, value in SHORT.items():
        control = page.locator(f"[data-name={name}] .option-head :is(select, input[type=number])")
        control.select_option(value) if isinstance(value, str) else control.fill(str(value))
    page.click(".advanced > summary")
    page.check("#consent")


def wait_until_done(page):
    page.wait_for_selector("#stage-work:not([hidden])")
    page.wait_for_selector("#stage-done:not([hidden])")


@pytest.fixture(scope="session")
def finished(address, browser, portrait_path, speech_path):
    """A page on which one video has been made."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US").new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    fill(page, portrait_path, speech_path)
    page.evaluate(
        """() => { window.seen = new Set();
        new MutationObserver(() => window.seen.add(document.getElementById("work-figures").textContent))
        .observe(document.getElementById("work-figures"), { childList: true, subtree: true }); }"""
    )
    page.click("#generate")
    wait_until_done(page)
    return page


def test_the_browser_is_opened_on_the_page(address, data):
    opened = data.parent / "opened"
    while not opened.is_file() or not opened.read_text():
        time.sleep(0.1)
    assert opened.read_text().strip() == address


def test_a_second_studio_on_the_same_port_says_so(address, data):
    port = address.split(":")[2].partition("/")[0]
    command = [sys.executable, "-m", "sonic", "studio", f"--port={port}", f"--data={data}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"port {port}" in done.stderr
    assert done.stderr.strip().endswith("choose another with --port.")


def test_a_portrait_gets_its_boxes_and_advice_before_any_job(visit, address, portrait_path):
    page = visit(address)
    page.set_input_files("#portrait-file", portrait_path)
    page.wait_for_selector("#portrait-overlay .box-face")
    assert page.locator("#portrait-overlay .box-crop").count() == 1
    assert "90 pixels wide" in page.inner_text("#portrait-advice")


def test_one_of_several_faces_is_picked(visit, address, portrait_path, tmp_path):
    page, portrait = visit(address), Image.open(portrait_path)
    pair = Image.new("RGB", (2 * portrait.width, portrait.height))
    for left in (0, portrait.width):
        pair.paste(portrait, (left, 0))
    pair.save(tmp_path / "pair.png")
    page.set_input_files("#portrait-file", tmp_path / "pair.png")
    page.click("#portrait-faces button:nth-child(2)")
    page.wait_for_selector("#portrait-faces [aria-pressed=true]:nth-child(2)")
    page.wait_for_selector("#portrait-overlay .box-face")
    assert page.input_value("[data-name=face_index] input") == "1"
    page.click("#portrait-remove")
    assert page.input_value("[data-name=face_index] input") == ""


def test_progress_tells_frames_and_seconds(finished):
    seen = [text for text in finished.evaluate("[...window.seen]") if text]
    assert seen
    drawn = [text for text in seen if "frames" in text]
    assert drawn
    assert all(re.fullmatch(r"\d+ of 10 frames( · about .+ left)?", text) for text in drawn)


def test_the_video_plays(finished):
    state = finished.evaluate(
        """async () => { const film = document.querySelector("#stage-done video");
        film.muted = true; await film.play();
        await new Promise(done => { film.onended = done; });
        return [film.duration, film.currentTime, film.videoWidth]; }"""
    )
    assert state[0] == pytest.approx(1.0, abs=0.1)
    assert state[1] == pytest.approx(state[0], abs=0.05)
    assert state[2] == 256


@pytest.mark.parametrize("format", ["mp4", "webm"])
def test_the_video_downloads_with_the_same_seed(finished, tmp_path, format):  # noqa: A002
    with finished.expect_download() as download:
        finished.click(f"[data-format={format}]")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.suffix == f".{format}"
    with av.open(path) as file:
        assert file.streams.video[0].codec_context.name == {"mp4": "h264", "webm": "vp9"}[format]
        assert len(file.streams.audio) == 1
    assert read_metadata(path)["seed"] == SHORT["seed"]


def test_the_equal_lines_make_the_same_video(finished):
    finished.evaluate("document.querySelectorAll('.folded').forEach(part => { part.open = true; })")
    line, code = finished.locator(".equal code").all_inner_texts()
    assert shlex.split(line)[:6] == ["sonic", "generate", "portrait.jpg", "voice.wav", "-o", "talk.mp4"]
    from sonic.cli.generate import generate

    values = generate.make_context("generate", shlex.split(line)[2:]).params
    chosen = {option.name: values[option.name] for option in options() if values[option.name] is not None}
    assert GenerateConfig(**chosen) == GenerateConfig(**SHORT, label="visible")  # the service's default
    called = {}
    model = type("Model", (), {"generate": lambda _, **given: called.update(given) or Film()})()
    sonic = type("Sonic", (), {"load_model": staticmethod(lambda _: model)})
    exec(code.replace("import sonic", ""), {"sonic": sonic})
    assert GenerateConfig(**{name: called[name] for name in SHORT}) == GenerateConfig(**SHORT)


class Film:
    def export(self, path):
        assert path == "talk.mp4"


def test_one_change_keeps_the_seed_and_can_be_compared(finished):
    finished.select_option(".rerun-line > select", "emotion")
    assert finished.is_disabled(".rerun .button")
    finished.select_option(".rerun-inputs select", "happy")
    finished.click(".rerun .button")
    wait_until_done(finished)
    assert f"seed {SHORT['seed']}" in finished.inner_text("#stage-done .figures")
    finished.evaluate("document.querySelectorAll('.folded').forEach(part => { part.open = true; })")
    assert "--emotion happy" in finished.locator(".equal code").first.inner_text()
    finished.click("#stage-done button[aria-pressed=false]")
    finished.wait_for_selector(".screens-two figure:nth-child(2) video")
    times = finished.evaluate(
        """async () => { const [one, two] = document.querySelectorAll(".film");
        one.muted = true; await one.play(); await new Promise(done => { one.onended = done; });
        return [one.currentTime, two.currentTime]; }"""
    )
    assert times[0] == pytest.approx(times[1], abs=0.2)


def test_history_survives_a_reload_and_fills_the_form_again(finished):
    finished.reload()
    finished.wait_for_selector("html[data-ready]")
    entries = finished.locator(".history-entry")
    assert entries.count() >= 2
    entries.last.locator(".history-open").click()
    finished.wait_for_selector("#stage-done video")
    entries.last.locator(".history-tools button").first.click()
    finished.wait_for_selector("#portrait-advice li")
    finished.wait_for_selector("#wave:not([hidden])")
    assert finished.input_value("[data-name=seed] input") == str(SHORT["seed"])
    assert finished.input_value("[data-name=crop] select") == "face"


def test_history_survives_a_restart_also_behind_a_key(finished, visit, another_studio):
    assert finished
    with another_studio(SONIC_TOKEN="made-up-key") as second:
        page = visit(second, ready=False)
        for key, accepted in [("wrong", False), ("made-up-key", True)]:
            page.wait_for_selector("#key[open]")
            page.fill("#key-value", key)
            page.keyboard.press("Enter")
            page.wait_for_selector("html[data-ready]" if accepted else "#key-wrong:not([hidden])")
        page.locator(".history-open").last.click()
        page.wait_for_selector("#stage-done video")
        duration = page.evaluate(
            """new Promise(go => { const film = document.querySelector("#stage-done video");
            film.onloadedmetadata = () => go(film.duration); film.load(); })"""
        )
        assert duration == pytest.approx(1.0, abs=0.1)


def test_a_video_is_deleted_by_a_second_press(finished):
    entries = finished.locator(".history-entry")
    count = entries.count()
    remove = entries.first.locator(".history-tools button").last
    remove.click()
    assert remove.inner_text() == "Really delete?"
    remove.click()
    finished.wait_for_selector(f".history-entry:nth-child({count})", state="detached")
    assert finished.evaluate("document.activeElement.id") == "history-title"


def test_a_job_can_be_cancelled_and_says_so(visit, address, portrait_path, speech_path):
    page = visit(address)
    fill(page, portrait_path, speech_path)
    page.evaluate("document.querySelector('.advanced').open = true")
    page.fill("[data-name=duration] input", "3")
    page.fill("[data-name=min_resolution] input", "1024")
    page.click("#generate")
    page.wait_for_selector("#work-figures:has-text('frames')")
    page.click("#work-cancel")
    page.wait_for_selector("#stage-failed:not([hidden])")
    assert page.inner_text("#failed-line") == "Canceled."


def test_what_is_missing_is_one_sentence(visit, address, portrait_path, tmp_path):
    page = visit(address)
    page.click("#generate")
    assert "no portrait yet" in page.inner_text("#form-failure")
    page.set_input_files("#portrait-file", portrait_path)
    page.click("#generate")
    assert "no voice yet" in page.inner_text("#form-failure")
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF nothing")
    page.set_input_files("#voice-file", broken)
    page.wait_for_selector("#voice-failure:not([hidden])")
    assert page.inner_text("#voice-failure").endswith(".")


def test_trimming_sends_the_chosen_stretch(visit, address, speech_path):
    page = visit(address)
    page.set_input_files("#voice-file", speech_path)
    page.wait_for_selector("#wave:not([hidden])")
    page.focus("#wave-start")
    page.keyboard.press("PageUp")
    page.focus("#wave-end")
    for _ in range(2):
        page.keyboard.press("PageDown")
    assert "0:03.4" in page.inner_text("#voice-length")
    length = page.evaluate(
        """async () => { const { cutToWav } = await import("/studio/modules/wav.js");
        const buffer = new AudioBuffer({ length: 48000, numberOfChannels: 2, sampleRate: 48000 });
        buffer.getChannelData(0).fill(0.5);
        const bytes = new DataView(await cutToWav(buffer, 0.25, 0.75, "cut.wav").arrayBuffer());
        return [bytes.byteLength, bytes.getInt16(44, true), bytes.getUint32(24, true)]; }"""
    )
    assert length == [44 + 2 * 24_000, 8192, 48_000]


def test_camera_and_microphone_bring_files(visit, address):
    page = visit(address, permissions=["camera", "microphone"])
    page.click("#portrait-camera")
    page.evaluate(
        """new Promise(go => { const view = document.getElementById("camera-view");
        if (view.videoWidth) go(); else view.onloadedmetadata = go; })"""
    )
    page.click("#camera-take")
    page.wait_for_selector("#portrait-advice .advice-refuse")
    page.click("#voice-record")
    page.wait_for_selector("#recording-time:has-text('0:01')")
    page.click("#recording-stop")
    page.wait_for_selector("#wave:not([hidden])")


def test_a_picture_that_is_dropped_or_pasted_is_taken(visit, address):
    page = visit(address)
    picture = io.BytesIO()
    Image.new("RGB", (90, 90), "grey").save(picture, "PNG")
    for event in ("drop", "paste"):
        page.evaluate(
            """async ([name, bytes]) => {
            const items = new DataTransfer();
            items.items.add(new File([new Uint8Array(bytes)], `${name}.png`, { type: "image/png" }));
            const options = { bubbles: true, cancelable: true };
            document.body.dispatchEvent(name === "drop"
              ? new DragEvent(name, { ...options, dataTransfer: items })
              : new ClipboardEvent(name, { ...options, clipboardData: items })); }""",
            [event, list(picture.getvalue())],
        )
        page.wait_for_selector(f"#portrait-name:has-text('{event}.png')")
        page.click("#portrait-remove")


def test_chinese_from_top_to_bottom(visit, address):
    page = visit(address, locale="zh-CN")
    assert page.get_attribute("html", "lang") == "zh-CN"
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    shown = page.inner_text("main").replace("SONIC", "")
    codes = set(" ".join(page.locator("main code").all_inner_texts()).split())
    words = {word for word in re.findall(r"[A-Za-z_-]{3,}", shown) if word not in codes}
    names = "JPEG PNG WebP WAV MP3 OGG WebM GIF Python kHz config json"
    assert words <= set(names.split())
    page.select_option("#language", "en")
    page.wait_for_selector("text=Generate the video")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.get_attribute("html", "lang") == "en"


def test_every_option_has_a_labelled_control(untouched):
    names = untouched.locator("#options .option").evaluate_all("rows => rows.map(row => row.dataset.name)")
    assert names == [option.name for option in options() if option.name != "preset"]
    unlabelled = untouched.evaluate(
        """[...document.querySelectorAll("input, select, textarea, button, [role=slider]")]
        .filter(one => !one.labels?.length && !one.textContent.trim() && !one.getAttribute("aria-label"))
        .map(one => one.outerHTML)"""
    )
    assert unlabelled == []


def test_a_value_out_of_range_is_marked_and_not_sent(visit, address):
    page = visit(address)
    page.click("#sample-both")
    page.wait_for_selector("#voice-view:not([hidden])")
    page.check("#consent")
    page.click(".advanced > summary")
    page.fill("[data-name=fps] input[type=number]", "61")
    assert "10 to 60" in page.inner_text("[data-name=fps] .option-warning")
    page.click("#generate")
    assert "outside its range" in page.inner_text("#form-failure")
    page.fill("[data-name=fps] input[type=number]", "50")
    assert "no motion detail" in page.inner_text("[data-name=fps] .option-warning")


def test_a_large_seed_keeps_all_its_digits(untouched):
    seed = 2**64 - 1
    again = untouched.evaluate(
        """async text => { const { parse, stringify } = await import("/studio/modules/api.js");
        return stringify(parse(text)); }""",
        json.dumps({"seed": seed}),
    )
    assert json.loads(again) == {"seed": seed}


def test_nothing_is_wider_than_a_phone(visit, address):
    page = visit(address, viewport={"width": 360, "height": 780})
    page.click("#portrait-sample")
    page.click("#voice-sample")
    page.wait_for_selector("#portrait-advice li")
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_theme_follows_the_system_until_one_is_chosen(visit, address):
    page = visit(address, color_scheme="dark")
    brightness = "Number(getComputedStyle(document.body.parentElement).backgroundColor.match(/[0-9]+/)[0])"
    assert page.evaluate(brightness) < 50
    page.select_option("#theme", "light")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate(brightness) > 200


def test_the_keyboard_alone_reaches_the_video(visit, address):
    page = visit(address)
    page.focus("#portrait-sample")
    page.keyboard.press("Enter")
    page.focus("#voice-sample")
    page.keyboard.press("Enter")
    page.wait_for_selector("#wave:not([hidden])")
    page.focus("#consent")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "generate"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_text_is_spoken_where_there_is_a_synthesiser(visit, address):
    page = visit(address)
    if not page.is_visible("#voice-type"):
        pytest.skip("there is no synthesiser")
    page.click("#voice-type")
    page.fill("#speech-text", "Good morning.")
    page.click("#speech-make")
    page.wait_for_selector("#wave:not([hidden])")


def test_the_page_keeps_to_its_content_security_policy(untouched, address):
    policy = untouched.evaluate("fetch('').then(answer => answer.headers.get('content-security-policy'))")
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    loaded = untouched.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    assert all(name.startswith((address.rpartition("/studio/")[0], "blob:")) for name in loaded)


def test_a_video_in_place_of_the_portrait_is_dubbed(
    visit, address, model, portrait_path, speech_path, tmp_path
):
    options = {"duration": 1.2, "crop": "face", "min_resolution": 256, "inference_steps": 1, "fps": 12}
    clip = model.generate(audio=speech_path, image=portrait_path, seed=3, **options).export(
        tmp_path / "clip.mp4"
    )
    page = visit(address)
    page.set_input_files("#portrait-file", clip)
    shown = page.wait_for_selector("#portrait-image[src^='blob:']")
    assert shown.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") == 256
    assert "the mouth speaks the new voice" in page.inner_text("#portrait-advice")
    page.set_input_files("#voice-file", speech_path)
    page.wait_for_selector("#voice-advice p:not(.waiting), #voice-advice li")
    page.click(".advanced > summary")
    for name, value in {"duration": 0.6, "inference_steps": 1, "seed": 4}.items():
        page.locator(f"[data-name={name}] .option-head input[type=number]").fill(str(value))
    page.check("#consent")
    page.click("#generate")
    wait_until_done(page)
    assert "12 frames a second" in page.inner_text("#stage-done")
