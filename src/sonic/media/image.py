"""Turns whatever holds a picture into upright 8-bit RGB pixels."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from sonic.errors import ImageError, ImageTooLargeError
from sonic.media.source import FileInput, describe, is_file_input, locate

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

ImageInput: TypeAlias = "FileInput | Image.Image | npt.NDArray[Any]"

MAXIMUM_PIXELS = 89_000_000  # just under Pillow's own bomb limit
WORKING_PIXELS = 16_000_000  # twice 4K; no video player takes larger frames
MINIMUM_SIDE = 64

_DECODING_ERRORS = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)
_FORMATS = "save it as JPEG, PNG or WebP"


def load_image(source: ImageInput) -> npt.NDArray[np.uint8]:
    """Read a picture as uint8 RGB `[H, W, 3]`, upright, transparency on white.

    `source` is a path, bytes, a binary file object, a PIL image or an array: `[H, W]`, `[H, W, 1]`,
    `[H, W, 3]` or `[H, W, 4]`, uint8, uint16 or float in 0..1. Grey, palette, CMYK and 16-bit pictures are
    converted, embedded colour profiles become sRGB, and more than 16 megapixels are reduced to that.

    Raises:
        ImageError: not a picture, truncated, or smaller than 64 pixels.
        ImageTooLargeError: more than 89 megapixels.
    """
    if isinstance(source, Image.Image):
        image = _decode(source, describe(source))
    elif is_file_input(source):
        image = _open(locate(source, ImageError, "portrait"), describe(source))
    elif hasattr(source, "__array__"):
        image = _from_array(np.asarray(source))
    else:
        raise ImageError(
            f"The portrait is of type {type(source).__name__}: "
            "give a path, bytes, a file, a PIL image or an array."
        )
    _check_side(image.size, describe(source))
    return np.array(_reduce(image), dtype=np.uint8)


def is_picture(path: Path) -> bool:
    """Whether a file begins as a picture does."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                return image.format != "MPEG"  # which Pillow knows by name only
    except (*_DECODING_ERRORS, Image.DecompressionBombError):
        return False


def _open(source: Path | bytes, name: str) -> Image.Image:
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            opened = Image.open(stream)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ImageTooLargeError(_too_large(name)) from error
    except UnidentifiedImageError as error:
        raise ImageError(f"The portrait {name} is not a picture that can be read: {_FORMATS}.") from error
    except _DECODING_ERRORS as error:
        raise ImageError(f"The portrait {name} cannot be read ({error}): {_FORMATS}.") from error
    with opened:
        return _decode(opened, name)


def _decode(image: Image.Image, name: str) -> Image.Image:
    _check_pixels(image.size, name)
    if image.width * image.height > WORKING_PIXELS:
        image.draft(None, _working_size(image.size))  # lets JPEG decode at a half or a quarter right away
    try:
        image.load()
        return _to_rgb(_to_srgb(ImageOps.exif_transpose(image)))
    except _DECODING_ERRORS as error:
        raise ImageError(
            f"The portrait {name} is damaged or truncated ({error}): get a complete copy of it."
        ) from error


def _to_srgb(image: Image.Image) -> Image.Image:
    """Colours of an embedded profile (wide-gamut phones, print CMYK) as sRGB; a broken profile is ignored."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "CMYK", "L"}:
        return image
    try:
        embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(
            image, embedded, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return converted or image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return _from_array(_normalized(np.asarray(image)))
    if image.has_transparency_data:
        return _on_white(image.convert("RGBA"))
    return image.convert("RGB")


def _normalized(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Single-channel integers or floats of unknown depth, scaled to 0..1 by the depth that holds them."""
    peak = float(values.max(initial=0))
    depth = next((top for top in (1.0, 255.0, 65535.0) if peak <= top), max(peak, 1.0))
    if values.dtype.kind in "iu":
        depth = max(depth, 255.0 if peak <= 255 and values.dtype.itemsize == 1 else 65535.0)
    scaled: npt.NDArray[np.float32] = (np.clip(values, 0, None) / depth).astype(np.float32)
    return scaled


def _on_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def _from_array(array: npt.NDArray[Any]) -> Image.Image:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in {2, 3} or (array.ndim == 3 and array.shape[2] not in {3, 4}):
        raise ImageError(
            f"The portrait array has shape {list(array.shape)}: give [H, W], [H, W, 3] or [H, W, 4]."
        )
    _check_pixels((array.shape[1], array.shape[0]), "array")
    image = Image.fromarray(np.ascontiguousarray(_to_bytes(array)))
    return _on_white(image) if image.mode == "RGBA" else image.convert("RGB")


def _to_bytes(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.uint16:
        array = array / np.float32(65535)
    if array.dtype.kind != "f":
        raise ImageError(f"The portrait array holds {array.dtype}: give uint8, uint16 or float in 0..1.")
    low, high = float(array.min(initial=0)), float(array.max(initial=0))
    if not (low >= -0.01 and high <= 1.01):  # also catches NaN; a resampled picture may overshoot a little
        raise ImageError(f"The portrait array holds values from {low:g} to {high:g}: floats must be in 0..1.")
    rounded: npt.NDArray[np.uint8] = np.rint(np.clip(array, 0, 1) * 255).astype(np.uint8)
    return rounded


def _check_pixels(size: tuple[int, int], name: str) -> None:
    if size[0] * size[1] > MAXIMUM_PIXELS:
        raise ImageTooLargeError(_too_large(name, f", {size[0]}x{size[1]},"))


def _too_large(name: str, size: str = "") -> str:
    limit = MAXIMUM_PIXELS // 1_000_000
    return f"The portrait {name}{size} has more than {limit} megapixels: make it smaller first."


def _check_side(size: tuple[int, int], name: str) -> None:
    if min(size) < MINIMUM_SIDE:
        raise ImageError(
            f"The portrait {name} has {size[0]}x{size[1]} pixels: it needs {MINIMUM_SIDE} a side at least."
        )


def _working_size(size: tuple[int, int]) -> tuple[int, int]:
    shrink = min(1.0, (WORKING_PIXELS / (size[0] * size[1])) ** 0.5)
    return max(1, int(size[0] * shrink)), max(1, int(size[1] * shrink))


def _reduce(image: Image.Image) -> Image.Image:
    if image.width * image.height <= WORKING_PIXELS:
        return image
    return image.resize(_working_size(image.size), Image.Resampling.LANCZOS)
