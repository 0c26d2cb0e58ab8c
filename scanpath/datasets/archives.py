"""Unpacking archives from strangers: nothing outside the folder, no links, and no more than was allowed."""

import lzma
import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from scanpath._core.errors import InputError
from scanpath._core.files import require_file

_BLOCK = 1 << 20
#: Below this many bytes the ratio of unpacked to packed size says nothing.
_RATIO_FROM = 16 << 20


@dataclass(frozen=True)
class Limits:
    """The most that an archive may unpack to; raise a limit only for an archive that can be trusted.

    Attributes
    ----------
    max_bytes
        All files together.
    max_files
        Number of files and folders.
    max_ratio
        Unpacked bytes per byte of the archive; pictures and tables stay far below 100.
    """

    max_bytes: int = 200 * 2**30
    max_files: int = 1_000_000
    max_ratio: float = 200.0


def unpack(
    archive: str | os.PathLike[str], folder: str | os.PathLike[str], *, limits: Limits | None = None
) -> list[Path]:
    """Unpack a zip or tar archive into a folder that is there only when everything is in it.

    Bytes are counted as they are unpacked, so that a header that lies about its size gains nothing. Links, devices,
    absolute names and names with ``..`` are refused, and permissions in the archive are not applied.

    Parameters
    ----------
    archive
        A .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz file, recognized by its content.
    folder
        To be made; it must not exist or be empty.
    limits
        Bounds on bytes, files and ratio.

    Returns
    -------
    list of Path
        The files, in the archive's order.

    Raises
    ------
    InputError
        If the archive is damaged, encrypted, of another kind, would write outside the folder, or exceeds a limit. The
        folder is then not there.
    """
    archive, folder = require_file(archive, "archive"), Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is there already and not empty; give a new folder.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        names = _unpack_into(archive, temporary, limits or Limits())
        os.chmod(temporary, 0o755)
        if folder.exists():
            folder.rmdir()
        os.replace(temporary, folder)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"{archive} is damaged ({error}); delete it and fetch it again.") from error
    except (RuntimeError, NotImplementedError) as error:  # how zipfile refuses passwords and unknown methods
        raise InputError(f"{archive} cannot be unpacked ({error}).") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return [folder / name for name in names]


def safe_member_name(name: str, archive: Path) -> PurePosixPath:
    """Return an archive member's name as a relative path, or refuse it."""
    path = PurePosixPath(name)
    windows = PureWindowsPath(name)
    parts = set(path.parts) | set(windows.parts)
    if path.is_absolute() or windows.drive or windows.root or ".." in parts or "\x00" in name or not path.parts:
        raise InputError(f"{archive} would write outside its folder (member {name!r}); it was not unpacked.")
    return path


def _unpack_into(archive: Path, folder: Path, limits: Limits) -> list[PurePosixPath]:
    packed = archive.stat().st_size
    total, names = 0, []
    for count, (member, stream) in enumerate(_members(archive), start=1):
        if count > limits.max_files:
            raise InputError(f"{archive} has more than {limits.max_files} members; if trusted, raise max_files.")
        name = safe_member_name(member, archive)
        target = folder / name
        if stream is None:
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            raise InputError(f"{archive} holds {member!r} twice; it was not unpacked.")
        with stream as source, target.open("wb") as sink:
            while block := source.read(_BLOCK):
                total += len(block)
                _check_total(archive, total, packed, limits)
                sink.write(block)
        names.append(name)
    return names


def _check_total(archive: Path, total: int, packed: int, limits: Limits) -> None:
    if total > limits.max_bytes:
        raise InputError(
            f"{archive} unpacks to more than {limits.max_bytes} bytes; if it can be trusted, raise max_bytes."
        )
    if total > _RATIO_FROM and total > limits.max_ratio * packed:
        raise InputError(
            f"{archive} unpacks to more than {limits.max_ratio:g} times its size, as decompression bombs do; "
            "if it can be trusted, raise max_ratio."
        )


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    """Names of the members with their content, which is None for folders."""
    if zipfile.is_zipfile(archive):
        yield from _zip_members(archive)
    elif tarfile.is_tarfile(archive):
        yield from _tar_members(archive)
    else:
        raise InputError(f"{archive} is no zip or tar archive (or is damaged); delete it and fetch it again.")


def _zip_members(archive: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    with zipfile.ZipFile(archive) as content:
        for info in content.infolist():
            kind = (info.external_attr >> 16) & 0o170000
            if kind not in (0, 0o100000, 0o040000):  # neither unset, file nor folder: a link or device
                raise InputError(f"{archive} holds a link or device ({info.filename!r}); it was not unpacked.")
            yield info.filename, None if info.is_dir() else content.open(info)


def _tar_members(archive: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    with tarfile.open(archive) as content:
        for info in content:
            if not (info.isfile() or info.isdir()):
                raise InputError(f"{archive} holds a link or device ({info.name!r}); it was not unpacked.")
            if info.isdir() and PurePosixPath(info.name) == PurePosixPath("."):
                continue
            yield info.name, content.extractfile(info)
