"""Puts a finished output in its place in one step, and leaves nothing behind when something goes wrong."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sonic.errors import DiskSpaceError, ExportError, OutputExistsError, OutputPathError
from sonic.media.staging import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOVIES = (".mp4", ".m4v", ".mov")
WEB_MOVIES = (".webm",)
ANIMATIONS = (".gif",)
PICTURES = (".png", "")
SUFFIXES = (*MOVIES, *WEB_MOVIES, *ANIMATIONS, *PICTURES)

PROVENANCE_FILE = "sonic.json"  # marks a folder of pictures as ours
_SPARE = 16 * 2**20  # bytes that stay free on the disk


def resolve_output(path: str | os.PathLike[str]) -> Path:
    """The path that will be written; `talk.png` and `talk/` both stand for a folder of pictures `talk`.

    Raises:
        OutputPathError: an unknown suffix, or a folder that is missing or not writable.
    """
    target = Path(path).expanduser()
    if target.suffix.lower() not in SUFFIXES:
        raise OutputPathError(
            f"Cannot write '{target}': '{target.suffix}' is not one of .mp4, .webm, .gif or .png (a folder)."
        )
    if target.suffix.lower() == ".png":
        target = target.with_suffix("")
    if not target.name:
        raise OutputPathError(f"Cannot write '{path}': give a file name such as talk.mp4.")
    folder = target.parent
    if not folder.is_dir():
        raise OutputPathError(
            f"Cannot write '{target}': the folder '{folder}' does not exist, make it first."
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputPathError(
            f"Cannot write '{target}': the folder '{folder}' is not writable, choose another."
        )
    _check_name(target)
    return target


def _check_name(target: Path) -> None:
    try:
        target.lstat()
    except FileNotFoundError:
        return
    except OSError as error:  # such as a name that is too long
        raise OutputPathError(f"Cannot write '{target}': {error.strerror}, give another name.") from error


def check_output(target: Path, *, overwrite: bool, sources: Sequence[Path] = ()) -> None:
    """Refuse to replace what may not be replaced: anything without `overwrite`, foreign folders always.

    The same goes for the files that the video is made from, `sources`.

    Raises:
        OutputExistsError: the output is already there.
    """
    if not target.exists():
        return
    if any(source.exists() and source.samefile(target) for source in sources):
        raise OutputExistsError(f"'{target}' is what the video is made from: give another name.")
    if target.suffix and target.is_dir():
        raise OutputExistsError(f"'{target}' is a folder: give another name.")
    if not overwrite:
        raise OutputExistsError(f"'{target}' already exists: allow to replace it (--force, overwrite=True).")
    ours = not target.is_dir() or not any(target.iterdir()) or (target / PROVENANCE_FILE).exists()
    if target.suffix == "" and not (target.is_dir() and ours):
        raise OutputExistsError(f"'{target}' was not written by Sonic: give another name.")


def check_space(target: Path, needed: float) -> None:
    """Refuse to start when the disk has no room for `needed` bytes.

    Raises:
        DiskSpaceError: less is free than needed.
    """
    free = shutil.disk_usage(target.parent).free
    needed += _SPARE
    if free < needed:
        raise DiskSpaceError(
            f"'{target}' needs about {needed / 1e6:.0f} MB, but only {free / 1e6:.0f} MB are free: make room."
        )


@contextmanager
def staged(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """A hidden place beside `target` to write to; it becomes `target` at the end, or vanishes with an error.

    What a killed process leaves of it is for `sonic.media.staging.clear_leftovers`.

    Raises:
        OutputExistsError, DiskSpaceError, ExportError: it cannot be written there.
    """
    check_output(target, overwrite=overwrite)
    with ExitStack() as stack:
        try:
            staging = stack.enter_context(private_folder(target.parent)) / target.name
        except OSError as error:
            raise export_error(error, target) from error
        yield staging
        check_output(target, overwrite=overwrite)
        _replace(staging, target)


def _replace(staging: Path, target: Path) -> None:
    try:
        if target.is_dir():
            shutil.rmtree(target)
        staging.replace(target)
    except OSError as error:
        raise export_error(error, target) from error


def export_error(error: Exception, target: Path) -> DiskSpaceError | ExportError:
    """What a failure while writing means for the caller."""
    if getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT}:
        return DiskSpaceError(f"The disk ran full while writing '{target}': make room and try again.")
    return ExportError(f"Writing '{target}' failed ({error}): try another folder or format.")
