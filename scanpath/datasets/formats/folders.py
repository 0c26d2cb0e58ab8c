"""Folders that are either whole or not there, as formats of many files need them."""

from contextlib import AbstractContextManager
from pathlib import Path

from scanpath._core.files import atomic_folder


def whole_folder(path: Path) -> AbstractContextManager[Path]:
    """Give a temporary folder that becomes `path` if the block succeeds; `path` must be new or empty.

    Raises
    ------
    InputError
        If something is there already: files of an earlier conversion would be read as part of the new one.
    """
    return atomic_folder(path, hint=", and this format is a folder of its own; give a new folder.")
