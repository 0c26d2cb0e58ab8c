import json
from urllib.parse import quote

import pytest

starlette = pytest.importorskip("starlette", reason="the page needs starlette: pip install scanpath[explore]")
pytest.importorskip("httpx2", reason="starlette's test client needs httpx2")
from starlette.testclient import TestClient  # noqa: E402

from scanpath._core.errors import InputError, ScanpathError  # noqa: E402
from scanpath.explore.desk import Desk  # noqa: E402
from scanpath.explore.server import MAX_BYTES, SCRIPTS, create_app, explore  # noqa: E402
from scanpath.explore.sessions import MOST_SESSIONS, Preset, Sessions  # noqa: E402
from scanpath.explore.worker import Worker  # noqa: E402

PORT, TOKEN = 8123, "secret-token"
HERE = f"http://127.0.0.1:{PORT}"


class InProcess:
    """A worker without a process of its own."""

    def __init__(self):
        self.desk, self.busy_with, self.closed = Desk(), None, False

    def run(self, task, told=None, content=b""):
        try:
            yield {"result": self.desk.run(task, told, content)}
        except ScanpathError as error:
            yield {"error": str(error)}

    def forget(self):
        return not self.desk.run("forget")

    def close(self):
        self.closed = True


def client_of(**settings):
    settings = {"sessions": Sessions(InProcess)} | settings
    return TestClient(create_app(TOKEN, PORT, **settings), base_url=HERE)


@pytest.fixture
def client():
    with client_of() as client:
        yield client


@pytest.fixture
def entered(client):
    assert client.get(f"/?token={TOKEN}").status_code == 200
    return client


def do(client, task, told=None, body=b"", session="", **headers):
    headers = {"Origin": HERE, "X-Told": quote(json.dumps(told or {})), "X-Session": session} | headers
    return client.post(f"/do/{task}", content=body, headers=headers)


def result(answer):
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text.splitlines()[-1])


def start(client):
    return result(do(client, "start"))["result"]["session"]


def test_nobody_enters_without_the_token(client):
    assert client.get("/").status_code == 403
    assert client.get("/?token=wrong").status_code == 403
    assert do(client, "start").status_code == 403


def test_the_token_becomes_a_cookie_that_no_script_and_no_other_page_has(client):
    answer = client.get(f"/?token={TOKEN}")
    (cookie,) = answer.headers.get_list("set-cookie")
    assert f"scanpath-{PORT}={TOKEN}" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in answer.text
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1:1", "127.0.0.1"])
def test_other_host_names_are_refused(entered, host):
    for answer in (
        entered.get(f"/?token={TOKEN}", headers={"Host": host}),
        do(entered, "start", Host=host),
    ):
        assert answer.status_code == 403
    assert entered.get("/page/main.js", headers={"Host": host}).status_code == 404


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", f"https://127.0.0.1:{PORT}"])
def test_other_pages_cannot_ask(entered, origin):
    assert do(entered, "start", Origin=origin).status_code == 403
    assert entered.post("/do/start").status_code == 403


def test_the_page_runs_its_own_scripts_alone_and_asks_for_nothing_elsewhere(entered):
    page = entered.get("/")
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert page.headers["cache-control"] == "no-store"
    for text in [page.text, *(entered.get(f"/page/{name}").text for name in (*SCRIPTS, "page.css"))]:
        assert "https://" not in text
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("name", ["server.py", "..%2Fserver.py", "body.html", "nothing.js"])
def test_no_other_file_is_served(entered, name):
    assert entered.get(f"/page/{name}").status_code == 404


def test_two_pages_do_not_see_each_other(entered, photo):
    first, second = start(entered), start(entered)
    picture = result(do(entered, "open", {"name": "photo.png"}, photo, first))["result"]
    scene = {"picture": picture["id"], "px_per_deg": 10, "agents": ["center"], "n_fixations": 2}
    assert result(do(entered, "simulate", {"scene": scene}, session=first))["result"]["paths"]
    assert "no longer kept" in result(do(entered, "simulate", {"scene": scene}, session=second))["error"]
    assert "load it again" in result(do(entered, "simulate", {"scene": scene}, session="none"))["error"]


def test_the_page_that_was_used_least_recently_is_closed(entered):
    names = [start(entered) for _ in range(MOST_SESSIONS)]
    assert "result" in result(do(entered, "forget", session=names[0]))
    start(entered)
    assert "result" in result(do(entered, "forget", session=names[0]))
    assert "load it again" in result(do(entered, "forget", session=names[1]))["error"]


def test_a_page_that_closes_leaves_nothing_to_the_next(entered, photo):
    first = start(entered)
    picture = result(do(entered, "open", {"name": "photo.png"}, photo, first))["result"]
    do(entered, "close", session=first)
    scene = {"picture": picture["id"], "px_per_deg": 10, "agents": ["center"]}
    assert "no longer kept" in result(do(entered, "simulate", {"scene": scene}, session=start(entered)))["error"]


def test_uploads_are_limited(entered):
    session = start(entered)
    assert "at most 64 MB" in result(do(entered, "open", {"name": "a.png"}, bytes(MAX_BYTES + 1), session))["error"]


@pytest.mark.parametrize(
    ("task", "told", "body", "words"),
    [
        ("open", {"name": "a.png"}, b"no picture", "not a picture"),
        ("open", {"preset": True}, b"", "drop a file"),
        ("people", {"name": "a.csv"}, b"1,2,3\n4,5,6\n", "a.csv"),
        ("people", {"name": "a.csv"}, b"", "empty"),
        ("unlink", {}, b"", "task"),
        ("simulate", {}, b"", "no picture"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(entered, task, told, body, words):
    error = result(do(entered, task, told, body, start(entered)))["error"]
    assert words in error
    assert "Traceback" not in error
    assert "/tmp" not in error


@pytest.mark.parametrize("told", ["[]", "{", "%7B%22a"])
def test_settings_that_are_no_mapping_are_refused(entered, told):
    assert "load it again" in result(do(entered, "open", **{"X-Told": told}))["error"]


def test_what_the_command_line_gave_is_there(photo, people):
    with client_of(preset=Preset(("photo.png", photo), ("people.csv", people))) as client:
        client.get(f"/?token={TOKEN}")
        begun = result(do(client, "start"))["result"]
        assert begun["preset"] == {"picture": True, "people": True}
        picture = result(do(client, "open", {"preset": True}, session=begun["session"]))["result"]
        assert (picture["name"], picture["width"], picture["height"]) == ("photo.png", 240, 180)


def test_a_port_that_is_taken_is_said(monkeypatch):
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(InputError, match=rf"Port {port} .* another --port"):
            explore(port=port, open_browser=False)


def test_without_the_extra_the_command_that_installs_it_is_said(monkeypatch):
    import builtins
    import sys

    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("uvicorn"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "uvicorn", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setattr("importlib.import_module", without)
    with pytest.raises(ScanpathError, match=r'pip install "scanpath\[explore\]"'):
        explore(open_browser=False)


def test_a_task_can_be_canceled_and_the_pictures_are_still_there(photo):
    """A real process is ended in the middle; the next one was given the picture again."""
    worker = Worker()
    try:
        (opened,) = worker.run("open", {"name": "photo.png"}, photo)
        scene = {"picture": opened["result"]["id"], "px_per_deg": 10, "agents": ["center"], "n_fixations": 2}
        asked = worker.run("simulate", {"scene": scene | {"agents": ["random", "levy"], "n_fixations": 200}})
        assert "progress" in next(asked)
        assert "One thing at a time" in next(worker.run("simulate", {"scene": scene}))["error"]
        worker.cancel()
        assert list(asked)[-1] == {"error": "Canceled."}
        *_, last = worker.run("simulate", {"scene": scene})
        assert len(last["result"]["paths"]) == 1
    finally:
        worker.close()
