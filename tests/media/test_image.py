from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from sonic.errors import ImageError, ImageTooLargeError
from sonic.media.image import WORKING_PIXELS, load_image


@pytest.fixture
def picture():
    """A smooth 96x80 colour picture whose corners differ, uint8 RGB."""
    y, x = np.mgrid[0:80, 0:96]
    return np.stack([x * 2, y * 3, 255 - x - y], axis=-1).astype(np.uint8)


def encoded(image, format_name="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, format_name, **options)
    return stream.getvalue()


def test_every_kind_of_source_gives_the_same_pixels(picture, tmp_path):
    path = tmp_path / "portrait.png"
    Image.fromarray(picture).save(path)
    with path.open("rb") as stream:
        for source in (path, str(path), path.read_bytes(), stream, Image.fromarray(picture), picture):
            np.testing.assert_array_equal(load_image(source), picture)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(picture, orientation):
    undo = [None, None, 0, 3, 1, 5, 2, 6, 4][orientation]  # the transposition that a camera would have made
    stored = Image.fromarray(picture)
    if undo is not None:
        stored = stored.transpose(Image.Transpose(undo))
    exif = Image.Exif()
    exif[0x0112] = orientation
    np.testing.assert_array_equal(load_image(encoded(stored, exif=exif)), picture)


def test_grey_pictures_become_rgb(picture):
    grey = picture[:, :, 0]
    for source in (grey, grey[:, :, None], encoded(Image.fromarray(grey))):
        np.testing.assert_array_equal(load_image(source), np.repeat(grey[:, :, None], 3, axis=2))


def test_transparency_lies_on_white(picture):
    rgba = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    rgba[:10, :10, 3] = 0
    for source in (rgba, encoded(Image.fromarray(rgba))):
        result = load_image(source)
        assert (result[:10, :10] == 255).all()
        np.testing.assert_array_equal(result[10:], picture[10:])


def test_palettes_with_transparency():
    palette = Image.new("P", (80, 80), 1)
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.paste(0, (0, 0, 40, 80))
    result = load_image(encoded(palette, transparency=0))
    assert result[0, 0].tolist() == [255, 255, 255]
    assert result[0, 79].tolist() == [0, 0, 255]


def test_sixteen_bits_keep_their_brightness(picture):
    grey = picture[:, :, 0].astype(np.uint16) * 257
    expected = np.repeat(picture[:, :, :1], 3, axis=2)
    np.testing.assert_array_equal(load_image(encoded(Image.fromarray(grey))), expected)
    np.testing.assert_array_equal(load_image(grey), expected)
    dark = grey // 300  # nothing of it reaches 255, yet it is 16 bits deep
    assert load_image(encoded(Image.fromarray(dark))).max() <= 1


def test_floats_are_in_zero_to_one(picture):
    np.testing.assert_array_equal(load_image(picture / np.float32(255)), picture)
    for bad in (picture.astype(float), picture / 255.0 - 0.5, np.full((80, 80), np.nan)):
        with pytest.raises(ImageError, match=r"floats must be in 0\.\.1"):
            load_image(bad)


def test_cmyk(picture):
    result = load_image(encoded(Image.fromarray(picture).convert("CMYK"), "JPEG", quality=98))
    assert np.abs(result.astype(int) - picture).mean() < 3


def test_a_colour_profile_becomes_srgb(picture):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = load_image(encoded(Image.fromarray(picture), icc_profile=profile))
    assert np.abs(same.astype(int) - picture).max() <= 1
    broken = load_image(encoded(Image.fromarray(picture), icc_profile=b"not a profile"))
    np.testing.assert_array_equal(broken, picture)


def test_the_callers_image_is_left_alone(picture):
    image = Image.fromarray(picture)
    load_image(image)[:] = 0
    np.testing.assert_array_equal(np.asarray(image), picture)


def test_huge_pictures_are_reduced_to_what_a_player_takes():
    result = load_image(Image.new("L", (8000, 4000), 128))
    assert WORKING_PIXELS * 0.99 < result.shape[0] * result.shape[1] <= WORKING_PIXELS
    assert result.shape[1] == pytest.approx(2 * result.shape[0], abs=2)


@pytest.mark.parametrize("side", [10_000, 15_000])
def test_decompression_bombs_are_refused_unseen(side, tmp_path):
    path = tmp_path / "bomb.png"
    Image.new("1", (side, side)).save(path)
    with pytest.raises(ImageTooLargeError, match="89 megapixels"):
        load_image(path)


def test_truncated_pictures():
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    for format_name in ("PNG", "JPEG", "WEBP"):
        content = encoded(Image.fromarray(noise), format_name)
        with pytest.raises(ImageError, match=r"damaged or truncated|cannot be read|not a picture"):
            load_image(content[: len(content) // 2])


def test_things_that_are_no_picture(tmp_path):
    (tmp_path / "note.jpg").write_text("hello")
    (tmp_path / "empty.png").touch()
    for source, message in [
        (tmp_path / "note.jpg", "not a picture"),
        (tmp_path / "empty.png", "empty"),
        (tmp_path / "missing.png", "does not exist"),
        (tmp_path, "not a file"),
        (b"", "empty"),
        (b"\x00" * 100, "not a picture"),
        (io.StringIO("text"), "binary mode"),
        (12, "give a path"),
        (None, "give a path"),
        (np.zeros((80, 80, 2), np.uint8), "shape"),
        (np.zeros((80, 80), np.int64), "int64"),
        (np.zeros((0, 0), np.uint8), "at least"),
        (Image.new("RGB", (40, 300)), "64 a side"),
    ]:
        with pytest.raises(ImageError, match=message):
            load_image(source)
