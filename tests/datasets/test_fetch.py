"""Downloads from a server on this machine that is slow, cuts, lies, moves and dies."""

import hashlib
import http.server
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from scanpath.datasets import fetch
from scanpath.datasets.card import DatasetCard, Download
from scanpath.datasets.download import DownloadError, download
from scanpath.datasets.fetch import fetch_dataset, verify_downloads

CONTENT = np.random.default_rng(3).bytes(600_000)
SHA256 = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Paths say how the server behaves; the server counts requests and remembers ranges."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        server, kind = self.server, self.path.strip("/").split("/")[0]
        server.seen.append((kind, self.headers.get("Range")))
        if kind == "gone":
            return self.send_error(404)
        if kind == "busy" and sum(one == "busy" for one, _ in server.seen) < 3:
            return self.send_error(503)
        if kind == "moved":
            self.send_response(302)
            self.send_header("Location", "/file")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        content = b"something else" * 10_000 if kind == "changed" else server.files.get(kind, CONTENT)
        start = self._start(content)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("ETag", '"one"')
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self._send(kind, content[start:])
        return None

    def _start(self, content):
        asked = self.headers.get("Range")
        if not asked or self.headers.get("If-Range") != '"one"' or self.path.startswith("/norange"):
            return 0
        return int(asked.removeprefix("bytes=").rstrip("-"))

    def _send(self, kind, body):
        if kind in ("cut", "norange") and self.server.cuts > 0:
            self.server.cuts -= 1
            self.wfile.write(body[:150_000])
            self.wfile.flush()
            self.close_connection = True
            return self.connection.shutdown(2)
        if kind == "silent":
            self.wfile.write(body[:1000])
            self.wfile.flush()
            return self.server.stop.wait(5)
        step = 20_000 if kind == "slow" else len(body)
        for at in range(0, len(body), step):
            self.wfile.write(body[at : at + step])
            if kind == "slow":
                time.sleep(0.05)
        return None


@pytest.fixture
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen, server.files, server.cuts, server.stop = [], {}, 0, threading.Event()
    server.handle_error = lambda *_: None
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.stop.set()
    server.shutdown()
    server.server_close()


def test_a_slow_file_arrives_with_progress(server, tmp_path):
    told = []
    download(f"{server.url}/slow", tmp_path / "f", known_hash=SHA256, progress=lambda *at: told.append(at))
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert os.listdir(tmp_path) == ["f"]


def test_a_cut_transfer_is_continued_where_it_stopped(server, tmp_path):
    server.cuts = 2
    download(f"{server.url}/cut", tmp_path / "f", known_hash=SHA256)
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert [asked for _, asked in server.seen] == [None, "bytes=150000-", "bytes=300000-"]


def test_a_server_without_ranges_starts_over(server, tmp_path):
    server.cuts = 1
    download(f"{server.url}/norange", tmp_path / "f", known_hash=SHA256)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_a_transfer_that_never_completes_keeps_its_part_for_the_next_run(server, tmp_path):
    server.cuts = 99
    with pytest.raises(DownloadError, match=r"failed after 300000 bytes.*300000 bytes are kept") as caught:
        download(f"{server.url}/cut", tmp_path / "f", known_hash=SHA256, retries=2)
    assert not (tmp_path / "f").exists()
    assert isinstance(caught.value, OSError)
    server.cuts = 0
    download(f"{server.url}/cut", tmp_path / "f", known_hash=SHA256)
    assert server.seen[-1] == ("cut", "bytes=300000-")


def test_a_wrong_file_is_an_error_with_its_remedy_and_is_not_kept(server, tmp_path):
    with pytest.raises(ValueError, match=r"not the file that the card describes.*Run it again"):
        download(f"{server.url}/changed", tmp_path / "f", known_hash=SHA256)
    assert os.listdir(tmp_path) == []


def test_a_mirror_helps_out_for_missing_and_changed_files(server, tmp_path):
    mirrors = (f"{server.url}/changed", f"{server.url}/file")
    download(f"{server.url}/gone", tmp_path / "f", known_hash=SHA256, mirrors=mirrors)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_not_found_is_not_retried_and_busy_is(server, tmp_path):
    with pytest.raises(DownloadError, match="404 Not Found"):
        download(f"{server.url}/gone", tmp_path / "f", retries=5)
    assert len(server.seen) == 1
    download(f"{server.url}/busy", tmp_path / "f", known_hash=SHA256)
    assert len(server.seen) == 4


def test_redirects_are_followed_and_silence_is_not_waited_for(server, tmp_path):
    download(f"{server.url}/moved", tmp_path / "f", known_hash=SHA256)
    with pytest.raises(DownloadError, match="after 1000 bytes"):
        download(f"{server.url}/silent", tmp_path / "g", retries=1, timeout_s=(1, 0.3))


def test_other_schemes_too_large_files_and_dead_servers(server, tmp_path):
    with pytest.raises(ValueError, match="not an http or https address"):
        download("file:///etc/passwd", tmp_path / "f")
    with pytest.raises(ValueError, match="above the limit of 1000; raise max_bytes"):
        download(f"{server.url}/file", tmp_path / "f", max_bytes=1000)
    with pytest.raises(DownloadError, match="could not be downloaded"):
        download("http://127.0.0.1:9/x", tmp_path / "f", retries=1)


def test_a_killed_download_leaves_no_file_and_goes_on_afterwards(server, tmp_path):
    code = (
        f"from scanpath.datasets.download import download; download({server.url + '/slow'!r}, {str(tmp_path / 'f')!r})"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    part = tmp_path / ".f.part"
    for _ in range(600):
        time.sleep(0.05)
        if part.exists() and 0 < part.stat().st_size < len(CONTENT):
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "f").exists()
    have = part.stat().st_size
    assert 0 < have < len(CONTENT)
    download(f"{server.url}/slow", tmp_path / "f", known_hash=SHA256)
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert server.seen[-1][1] == f"bytes={have}-"


def card_with(*downloads):
    facts = dict.fromkeys(DatasetCard.__dataclass_fields__, "unknown")
    empty = {"citation": ("A (2020).",), "doi": (), "known_faults": (), "folders": (), "files": {}, "apparatus": {}}
    return DatasetCard(**{**facts, **empty, "name": "toy", "license": "CC0", "pictures": (), "downloads": downloads})


@pytest.fixture
def toy(server, tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("a/b.txt", "inside")
    server.files["zip"] = (tmp_path / "z.zip").read_bytes()
    card = card_with(
        Download("table.bin", f"{server.url}/file", SHA256),
        Download("pictures.zip", f"{server.url}/zip", "unknown", unpack="pictures"),
    )
    monkeypatch.setattr(fetch, "dataset_card", lambda name: card)
    return server


def test_the_licence_is_shown_before_the_first_download_and_once(toy, tmp_path):
    with pytest.raises(ValueError, match=r"licence: CC0.*accept_license=True"):
        fetch_dataset("toy", root=tmp_path)
    assert toy.seen == []
    first = fetch_dataset("toy", root=tmp_path, accept_license=True)
    assert [(one.new, one.checked) for one in first] == [(True, True), (True, False)]
    assert (tmp_path / "toy/raw/pictures/a/b.txt").read_text() == "inside"
    again = fetch_dataset("toy", root=tmp_path)
    assert not any(one.new for one in again)
    assert len(toy.seen) == 2


def test_verification_finds_what_changed_also_without_a_published_checksum(toy, tmp_path):
    assert set(verify_downloads("toy", root=tmp_path).values()) == {"not fetched"}
    fetch_dataset("toy", root=tmp_path, accept_license=True)
    assert set(verify_downloads("toy", root=tmp_path).values()) == {"ok"}
    (tmp_path / "toy/raw/pictures.zip").write_bytes(b"x")
    (tmp_path / "toy/raw/table.bin").unlink()
    assert verify_downloads("toy", root=tmp_path) == {"table.bin": "missing", "pictures.zip": "changed"}
    fetch_dataset("toy", root=tmp_path)
    assert set(verify_downloads("toy", root=tmp_path).values()) == {"ok"}


def test_a_file_that_changed_at_its_source_since_it_was_recorded_is_noticed(toy, tmp_path):
    fetch_dataset("toy", root=tmp_path, accept_license=True)
    toy.files["zip"] = b"another file"
    (tmp_path / "toy/raw/pictures.zip").unlink()
    with pytest.raises(ValueError, match="not the file that the card describes"):
        fetch_dataset("toy", root=tmp_path)


@pytest.mark.parametrize("content", ["{", "[1]", '{"table.bin": {}}', '{"table.bin": 3}'])
def test_a_damaged_record_is_an_error_with_its_remedy(content, toy, tmp_path):
    fetch_dataset("toy", root=tmp_path, accept_license=True)
    (tmp_path / "toy/raw/fetched.json").write_text(content)
    with pytest.raises(ValueError, match="is damaged; delete it"):
        verify_downloads("toy", root=tmp_path)
    (tmp_path / "toy/raw/fetched.json").unlink()
    fetch_dataset("toy", root=tmp_path)
    assert set(verify_downloads("toy", root=tmp_path).values()) == {"ok"}


def test_two_fetches_at_once_are_told_apart(toy, tmp_path):
    fcntl = pytest.importorskip("fcntl")
    fetch_dataset("toy", root=tmp_path, accept_license=True)
    with (tmp_path / "toy" / "raw" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ValueError, match="Another process is fetching"):
            fetch_dataset("toy", root=tmp_path, accept_license=True)


def test_no_module_of_the_data_sets_unpickles():
    import scanpath.datasets as package

    folder = Path(package.__file__).parent
    words = ("import pickle", "pickle.load", "allow_pickle=True", "eval(", "shell=True", "os.system")
    found = [(path.name, word) for path in folder.rglob("*.py") for word in words if word in path.read_text()]
    assert found == []
