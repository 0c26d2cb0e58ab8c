"""Folders that are either whole or not there, as formats of many files need them."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scanpath._core.errors import InputError


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path` and move it there only if the block succeeds.

    Raises
    ------
    InputError
        If something is there already: files of an earlier conversion would be read as part of the new one.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        kind = "is a file" if path.is_file() else "is there already and not empty"
        raise InputError(f"{path} {kind}, and this format is a folder of its own; give a new folder.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name[:32]}-", dir=path.parent))
    except OSError as error:
        raise InputError(f"Cannot write to {path}: {error.strerror or error}.") from error
    try:
        yield temporary
        os.chmod(temporary, 0o755)
        if path.exists():
            path.rmdir()
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
