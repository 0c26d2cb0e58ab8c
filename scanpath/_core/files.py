"""Files that are either whole or not there."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scanpath._core.errors import InputError, MissingFileError


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path` and move it there only if the block succeeds.

    The temporary name keeps the suffix, so that writers which choose a format by suffix work. A missing parent
    folder is made. On any error the temporary file is removed and an older `path` stays as it was.
    """
    target = Path(path)
    if target.is_dir():
        raise InputError(f"Cannot write to {target}: it is a folder; give a file name.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # the stem is shortened, as a name that fits would not fit with what is added to it
        handle, name = tempfile.mkstemp(prefix=f".{target.stem[:32]}-", suffix=target.suffix, dir=target.parent)
    except OSError as error:
        raise InputError(f"Cannot write to {target}: {error.strerror or error}.") from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | os.PathLike[str], *, hint: str = "; give a new folder.") -> Iterator[Path]:
    """Give a temporary folder beside `path` and move it there only if the block succeeds.

    `path` may be an empty folder, and nothing else that exists: old files would be taken for a part of the new ones.
    `hint` ends the sentence that says so. On any error the temporary folder is removed.
    """
    target = Path(path).absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        kind = "is a file" if target.is_file() else "is there already and not empty"
        raise InputError(f"{path} {kind}{hint}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name[:32]}-", dir=target.parent))
    except OSError as error:
        raise InputError(f"Cannot write to {path}: {error.strerror or error}.") from error
    try:
        yield temporary
        os.chmod(temporary, 0o777 & ~_umask())
        if target.exists():
            target.rmdir()
        os.replace(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def file_sha256(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_file(path: str | os.PathLike[str], what: str = "file") -> Path:
    """Return `path` as a `Path` if it is a non-empty file, else raise a sentence that names it."""
    found = Path(path)
    if not found.exists():
        raise MissingFileError(f"There is no {what} at {found}; check the path.")
    if not found.is_file():
        raise InputError(f"{found} is not a file; give the path of one {what}.")
    if found.stat().st_size == 0:
        raise InputError(f"The {what} {found} is empty (0 bytes).")
    if not os.access(found, os.R_OK):
        raise InputError(f"The {what} {found} may not be read by you; change its permissions.")
    return found


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
