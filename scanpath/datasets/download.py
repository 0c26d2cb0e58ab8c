"""Downloads that are whole, checked and resumable, or not there."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError, ScanpathError

#: Called with (bytes so far, bytes in all or None) while a file arrives.
Progress = Callable[[int, int | None], None]
_BLOCK = 1 << 18


class DownloadError(ScanpathError, OSError):
    """A file could not be had; the message says what was tried and what to do."""


def download(
    url: str,
    path: str | os.PathLike[str],
    *,
    known_hash: str = "unknown",
    mirrors: tuple[str, ...] = (),
    progress: Progress | None = None,
    retries: int = 3,
    max_bytes: int = 200 * 2**30,
    timeout_s: tuple[float, float] = (10.0, 60.0),
) -> str:
    """Download one file through pooch; `path` appears only when it is whole and its checksum agrees.

    Parameters
    ----------
    url, mirrors
        Addresses of the same file, tried in this order.
    known_hash
        ``sha256:...``, ``md5:...`` or "unknown".
    retries
        How often each address is tried; a later try continues where the earlier one stopped.
    max_bytes
        Larger files are refused.
    timeout_s
        For the connection, and for silence while the file arrives.

    Returns
    -------
    str
        The file's SHA-256.
    """
    import pooch

    path = Path(path)
    check_count("retries", retries)
    part = path.with_name(f".{path.name}.part")
    reasons: list[str] = []
    changed: str | None = None
    for address in (url, *mirrors):
        transfer, reason = _Transfer(part, progress, max_bytes, timeout_s), ""
        for attempt in range(retries):
            try:
                expected = None if known_hash == "unknown" else known_hash
                with _quiet(pooch):
                    pooch.retrieve(
                        address,
                        expected,
                        fname=path.name,
                        path=path.parent,
                        downloader=transfer,  # pyright: ignore[reportArgumentType]  # pooch's own do not fit it either
                    )
            except DownloadError as error:
                reason = str(error)
                if not transfer.worth_retrying:
                    break
                time.sleep(min(0.2 * 2**attempt, 5.0))
            except ValueError as error:
                if isinstance(error, ScanpathError):
                    raise
                changed, reason = changed or address, "its checksum is another one"
                break
            else:
                return pooch.file_hash(str(path), alg="sha256")
        reasons.append(f"{address}: {reason}")
    if changed:
        raise InputError(_wrong_hash(changed, path, known_hash))
    kept = f" {part.stat().st_size} bytes are kept; run it again to continue." if part.is_file() else ""
    raise DownloadError(f"{path.name} could not be downloaded ({'; '.join(reasons)}).{kept}")


class _Transfer:
    """What pooch calls to get a file: HTTP with continuation of the part that is there."""

    def __init__(self, part: Path, progress: Progress | None, max_bytes: int, timeout_s: tuple[float, float]) -> None:
        self.part, self.progress, self.max_bytes, self.timeout_s = part, progress, max_bytes, timeout_s
        self.mark = part.with_name(f"{part.name}.etag")
        self.worth_retrying = True

    def __call__(self, url: str, output_file: Any, _: Any) -> None:
        import requests
        import urllib3

        if urlsplit(url).scheme not in ("http", "https"):
            raise InputError(f"{url} is not an http or https address.")
        try:
            self._receive(url, requests)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise DownloadError(f"the connection failed after {self._size()} bytes ({type(error).__name__})") from error
        os.replace(self.part, output_file)
        self.mark.unlink(missing_ok=True)

    def _receive(self, url: str, requests: Any) -> None:
        have = self._size()
        known = self.mark.read_text() if have and self.mark.is_file() else ""
        address, _, mark = known.partition("\n")
        headers = {"Accept-Encoding": "identity"}  # so that lengths and ranges are those of the file itself
        if have and address == url and mark:
            headers |= {"Range": f"bytes={have}-", "If-Range": mark}
        with requests.get(url, headers=headers, stream=True, timeout=self.timeout_s) as answer:
            self._check_answer(url, answer)
            continued = answer.status_code == 206 and _first_byte(answer) == have
            start = have if continued else 0
            length = answer.headers.get("Content-Length")
            plain = answer.headers.get("Content-Encoding", "identity") == "identity"
            total = start + int(length) if plain and length and length.isdigit() else None
            if (total or 0) > self.max_bytes:
                self.worth_retrying = False
                raise InputError(f"{url} has {total} bytes, above the limit of {self.max_bytes}; raise max_bytes.")
            tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
            self.mark.write_text(f"{url}\n{'' if tag.startswith('W/') else tag}")
            self._write(answer, start, total)
        if total is not None and self._size() != total:
            raise DownloadError(f"the connection ended after {self._size()} of {total} bytes")

    def _check_answer(self, url: str, answer: Any) -> None:
        if urlsplit(url).scheme == "https" and urlsplit(answer.url).scheme != "https":
            self.worth_retrying = False
            raise DownloadError(f"it leads to the unencrypted {answer.url}")
        if answer.status_code == 416:  # the part is longer than the file: start over
            self.part.unlink(missing_ok=True)
            raise DownloadError("the kept part did not fit the file")
        if answer.status_code not in (200, 206):
            self.worth_retrying = answer.status_code in (408, 429) or answer.status_code >= 500
            raise DownloadError(f"the server answered {answer.status_code} {answer.reason}")

    def _write(self, answer: Any, start: int, total: int | None) -> None:
        with self.part.open("r+b" if start else "wb") as sink:
            sink.seek(start)
            sink.truncate()
            done = start
            # read1 hands on what has arrived, so that a cut loses none of it
            read = getattr(answer.raw, "read1", answer.raw.read)
            while block := read(_BLOCK, decode_content=True):
                done += len(block)
                if done > self.max_bytes:
                    self.worth_retrying = False
                    raise InputError(f"{answer.url} sends more than {self.max_bytes} bytes; raise max_bytes.")
                sink.write(block)
                if self.progress is not None:
                    self.progress(done, total)

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.is_file() else 0


def _first_byte(answer: Any) -> int:
    value = answer.headers.get("Content-Range", "").removeprefix("bytes ").split("-")[0]
    return int(value) if value.isdigit() else -1


@contextmanager
def _quiet(pooch: Any) -> Iterator[None]:
    # pooch prints the checksum of files whose checksum is not known; here it goes into the record
    import logging

    logger = pooch.get_logger()
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _wrong_hash(url: str, path: Path, known: str) -> str:
    return (
        f"{path.name} from {url} is not the file that the card describes: its checksum is not {known}. Nothing was "
        "kept. Run it again in case the transfer was garbled; if it stays, the file was changed at its source, and "
        "the card needs the new checksum from somebody who has looked at the new file."
    )
