"""Takes the pictures of docs/studio.md: the studio at work in Chromium, on the example files.

Needs `pip install '.[studio]' playwright` and a Chromium; a Chinese font for the Chinese page.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright
from robot import SIDE, SPOTS, draw_robot

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
PORT = 8799
STUDIO = f"http://127.0.0.1:{PORT}/studio/"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
DESKTOP, PHONE = {"width": 1280, "height": 980}, {"width": 390, "height": 844}
LARGEST = 150_000  # bytes of a picture
PATIENCE = 180_000  # ms


def open_studio(browser: Browser, **options: object) -> Page:
    page = browser.new_page(**options)
    page.set_default_timeout(PATIENCE)
    page.goto(STUDIO)
    page.wait_for_selector("html[data-ready]")
    return page


def fill(page: Page) -> None:
    page.click("#sample-both")
    page.wait_for_selector("#portrait-advice li")
    page.wait_for_selector("#voice-advice .advice-fine")
    page.check("#consent")


def save(shot: bytes, name: str) -> None:
    """As JPEG, as good as fits."""
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    for quality in range(90, 40, -5):
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=quality, optimize=True, progressive=True)
        if stream.tell() <= LARGEST:
            break
    (PICTURES / name).write_bytes(stream.getvalue())
    print(name, stream.tell(), "bytes")


def seek(page: Page, seconds: float) -> None:
    page.evaluate(
        """seconds => Promise.all([...document.querySelectorAll(".film")].map(film => new Promise(done => {
        film.onseeked = done; film.currentTime = seconds; })))""",
        seconds,
    )
    time.sleep(1)  # until the player has put its waiting sign away


def desktop(browser: Browser) -> None:
    page = open_studio(browser, viewport=DESKTOP, locale="en-US")
    fill(page)
    page.click("#generate")
    page.wait_for_selector("#work-figures:text-matches('^[4-9][0-9] of')")
    page.wait_for_selector("#work-picture:not(.waiting-picture)")
    save(page.screenshot(), "studio-work.jpg")
    page.wait_for_selector("#stage-done:not([hidden])")
    page.select_option(".rerun-inputs select", "happy")
    page.click(".rerun .button")
    page.wait_for_selector("#stage-work:not([hidden])")
    page.wait_for_selector("#stage-done:not([hidden])")
    page.click("#stage-done button[aria-pressed=false]")
    page.wait_for_selector(".screens-two figure:nth-child(2) video")
    seek(page, 1.4)
    page.set_viewport_size({"width": 1280, "height": 1300})
    page.evaluate("scrollTo(0, 0)")
    save(page.screenshot(), "studio-compare.jpg")
    page.close()


def dark_chinese(browser: Browser) -> None:
    page = open_studio(browser, viewport=DESKTOP, locale="zh-CN", color_scheme="dark")
    fill(page)
    page.locator(".history-open").first.click()
    page.wait_for_selector("#stage-done video")
    seek(page, 2.3)
    page.click(".advanced > summary")
    page.evaluate("document.getElementById('settings-title').closest('.card').scrollIntoView()")
    page.evaluate("scrollBy(0, -16)")
    save(page.screenshot(), "studio-dark.jpg")
    page.close()


def phones(browser: Browser) -> None:
    """Four narrow pictures side by side: light and dark, both languages."""
    shots = []
    for locale, scheme, finished in (
        ("en-US", "light", False),
        ("en-US", "dark", True),
        ("zh-CN", "light", True),
        ("zh-CN", "dark", False),
    ):
        page = open_studio(browser, viewport=PHONE, locale=locale, color_scheme=scheme)
        if finished:
            page.locator(".history-open").first.click()
            page.wait_for_selector("#stage-done video")
            seek(page, 2.3)
            page.evaluate("scrollTo(0, document.getElementById('stage').offsetTop - 12)")
        else:
            fill(page)
            page.evaluate("scrollTo(0, 0)")
        shots.append(Image.open(io.BytesIO(page.screenshot())))
        page.close()
    gap = 14
    strip = Image.new("RGB", (4 * PHONE["width"] + 3 * gap, PHONE["height"]), "white")
    for index, shot in enumerate(shots):
        strip.paste(shot, (index * (PHONE["width"] + gap), 0))
    stream = io.BytesIO()
    strip.save(stream, "PNG")
    save(stream.getvalue(), "studio-phone.jpg")


def points(browser: Browser) -> None:
    """The question for one of the points, with its spot under the magnifier."""
    page = open_studio(browser, viewport={"width": 1120, "height": 760}, locale="en-US")
    with tempfile.TemporaryDirectory() as folder:
        drawing = Path(folder) / "robot.png"
        draw_robot().save(drawing)
        page.set_input_files("#portrait-file", drawing)
        page.click("#portrait-place")
    box = page.locator("#placing .board-sheet").bounding_box()
    assert box is not None
    asked = 5
    for index, (x, y) in enumerate(SPOTS[: asked + 1]):
        page.mouse.move(box["x"] + x * box["width"] / SIDE, box["y"] + y * box["height"] / SIDE)
        if index < asked:
            page.mouse.down()
            page.mouse.up()
    save(page.locator("#placing").screenshot(), "studio-points.jpg")
    page.close()


def answers() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz"):
            return True
    except OSError:
        return False


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as data:
        command = [
            sys.executable,
            "-m",
            "sonic",
            "studio",
            "--no-browser",
            "--port",
            str(PORT),
            "--data",
            data,
        ]
        with subprocess.Popen(command) as server, sync_playwright() as playwright:  # noqa: S603 - our own program
            try:
                while not answers():
                    time.sleep(0.2)
                browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
                for part in (desktop, dark_chinese, phones, points):
                    part(browser)
                browser.close()
            finally:
                server.terminate()


if __name__ == "__main__":
    main()
