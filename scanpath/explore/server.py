"""The page's server: on this machine alone, for whoever has the address with its token."""

import json
import secrets
import socket
import webbrowser
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import partial
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from scanpath import __version__
from scanpath._core.errors import InputError
from scanpath._core.optional import require
from scanpath.explore.sessions import Preset, Sessions, check_agents
from scanpath.explore.worker import CANCELED, GIVING, Message, Worker

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

HOST = "127.0.0.1"
#: As in `scanpath.explore.pictures`, which is too heavy to load here.
MAX_BYTES = 64 * 2**20
SCRIPTS = ("lens.js", "overlay.js", "parts.js", "queue.js", "people.js", "stage.js", "explore.js", "main.js")
_KINDS = {".js": "text/javascript", ".css": "text/css"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_PURPOSE = "The page of scanpath explore"


def explore(
    picture: str | None = None,
    *,
    people: str | None = None,
    agents: Sequence[str] = (),
    port: int = 0,
    open_browser: bool = True,
    say: Callable[[str], None] = print,
) -> None:
    """Serve the page on this machine until it is interrupted.

    Parameters
    ----------
    picture, people
        Files to begin with.
    agents
        Your own, beside those that are there: ``package.module:name``, or the .json file of a calibration.
    port
        Where to listen; 0 for any that is free.
    open_browser
        Whether to open the page in the browser.
    say
        Told the page's address.

    Raises
    ------
    MissingDependencyError
        If starlette or uvicorn is not installed.
    InputError
        If a file cannot be read, an agent cannot be built, or the port is taken.

    Examples
    --------
    >>> explore("nowhere.png")
    Traceback (most recent call last):
    ...
    scanpath._core.errors.MissingFileError: There is no picture at nowhere.png; check the path.
    """
    preset = Preset(_content(picture, "picture"), _content(people, "table"), tuple(dict.fromkeys(agents)))
    check_agents(preset.agents)
    for module in ("starlette", "uvicorn"):
        require(module, package='"scanpath[explore]"', purpose=_PURPOSE)
    import uvicorn

    listener = _listen(port)
    token, sessions = secrets.token_urlsafe(24), Sessions(partial(Worker, preset.agents))
    app = create_app(token, listener.getsockname()[1], sessions=sessions, preset=preset)
    address = f"http://{HOST}:{listener.getsockname()[1]}/?token={token}"
    say(address)
    sessions.warm()
    if open_browser:
        webbrowser.open(address)
    settings = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1, server_header=False)
    try:
        uvicorn.Server(settings).run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        sessions.close_all()
        listener.close()


def create_app(token: str, port: int, *, sessions: Sessions | None = None, preset: Preset | None = None) -> "Starlette":
    """Make the server as an ASGI application.

    Every answer but that of the page's own files needs the token, once in the address and then in a cookie; requests
    under another host's name, or from another page, are refused.

    Parameters
    ----------
    token
        What the address must hold.
    port
        That it listens on.
    sessions
        Open pages.
    preset
        Files to begin with.
    """
    require("starlette", package='"scanpath[explore]"', purpose=_PURPOSE)
    from starlette.applications import Starlette
    from starlette.routing import Route

    desk = _Desk(token, port, sessions or Sessions(), preset or Preset())
    return Starlette(
        routes=[
            Route("/", desk.page),
            Route("/page/{name}", desk.part),
            Route("/do/{task}", desk.do, methods=["POST"]),
        ]
    )


class _Desk:
    """What the routes do."""

    def __init__(self, token: str, port: int, sessions: Sessions, preset: Preset) -> None:
        self._token, self._cookie = token, f"scanpath-{port}"
        self._hosts = {f"{name}:{port}" for name in (HOST, "localhost", "[::1]")}
        self._sessions, self._preset = sessions, preset

    async def page(self, request: "Request") -> "Response":
        """Return the page, and its token as a cookie."""
        if (refused := self._refusal(request, request.query_params.get("token"))) is not None:
            return refused
        answer = _answer(index(), "text/html")
        answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict", path="/")
        return answer

    async def part(self, request: "Request") -> "Response":
        """Return a script or the style."""
        name = request.path_params["name"]
        if request.headers.get("host") not in self._hosts or name not in (*SCRIPTS, "page.css"):
            return _answer("There is no such part of the page.", "text/plain", 404)
        return _answer(part(name), _KINDS[Path(name).suffix])

    async def do(self, request: "Request") -> "Response":
        """Do a task; the answer is a line of JSON for each message."""
        from starlette.responses import StreamingResponse

        if (refused := self._refusal(request)) is not None:
            return refused
        origin = request.headers.get("origin")
        if origin not in {f"http://{host}" for host in self._hosts}:
            return _answer("Only the page itself may ask for this.", "text/plain", 403)
        try:
            told, content = _told(request), await _body(request)
            messages = self._messages(request.path_params["task"], told, content, request.headers.get("x-session", ""))
        except InputError as error:
            return _answer(json.dumps({"error": str(error)}) + "\n", "application/x-ndjson")
        return StreamingResponse(_lines(messages), media_type="application/x-ndjson", headers=_HEADERS)

    def _refusal(self, request: "Request", token: str | None = None) -> "Response | None":
        if request.headers.get("host") not in self._hosts:
            return _answer("This page answers under the name 127.0.0.1 alone.", "text/plain", 403)
        given = token if token is not None else request.cookies.get(self._cookie, "")
        if not secrets.compare_digest(given.encode(), self._token.encode()):
            return _answer("Open the address that scanpath explore printed, with its token.", "text/plain", 403)
        return None

    def _messages(self, task: str, told: Mapping[str, Any], content: bytes, session: str) -> Iterator[Message]:
        """Return what a task says, or do what concerns the session itself."""
        if task == "start":
            return self._started(told)
        if task == "close":
            self._sessions.close(session)
            return iter([{"result": {}}])
        worker = self._sessions[session]
        if task == "cancel":
            worker.cancel()
            return iter([{"result": {"said": CANCELED}}])
        if task in GIVING and told.get("preset"):
            given = self._preset.people if task == "people" else self._preset.picture
            if given is None:
                raise InputError("Nothing was given on the command line: drop a file on the page.")
            told, content = {**told, "name": given[0]}, given[1]
        return worker.run(task, told, content)

    def _started(self, told: Mapping[str, Any]) -> Iterator[Message]:
        name = self._sessions.new()
        for message in self._sessions[name].run("start", told):
            if "result" in message:
                preset = {"picture": bool(self._preset.picture), "people": bool(self._preset.people)}
                message["result"] |= {"session": name, "preset": preset}
            yield message


def index() -> str:
    """Return the page as HTML."""
    page = Template(_file("page.html"))
    return page.substitute(version=escape(__version__), body=_file("body.html"))


def part(name: str) -> str:
    """Return one of the page's scripts, or its style."""
    return _file(name)


def _file(name: str) -> str:
    return (resources.files("scanpath.explore") / "page" / name).read_text(encoding="utf-8")


def _answer(text: str, kind: str, status: int = 200) -> "Response":
    from starlette.responses import Response

    return Response(text, status, headers=_HEADERS, media_type=kind)


def _told(request: "Request") -> dict[str, Any]:
    from urllib.parse import unquote

    try:
        told = json.loads(unquote(request.headers.get("x-told", "%7B%7D")))
    except ValueError:
        raise InputError("The page sent settings that are no JSON: load it again.") from None
    if not isinstance(told, dict):
        raise InputError("The page sent settings that are no mapping: load it again.")
    return told


async def _body(request: "Request") -> bytes:
    """Return the body, of which no more is read than is taken."""
    parts, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BYTES:
            raise InputError(f"The file is too large: at most {MAX_BYTES >> 20} MB are taken.")
        parts.append(chunk)
    return b"".join(parts)


async def _lines(messages: Iterator[Message]) -> AsyncIterator[bytes]:
    """Write each message as a line of JSON; waiting for one keeps no other request waiting."""
    from anyio import to_thread

    end = object()
    while (message := await to_thread.run_sync(next, messages, end, abandon_on_cancel=True)) is not end:
        yield json.dumps(message, allow_nan=False, default=_plain).encode() + b"\n"


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)  # a number of NumPy


def _content(path: str | None, what: str) -> tuple[str, bytes] | None:
    from scanpath._core.files import require_file

    if path is None:
        return None
    file = require_file(path, what)
    if file.stat().st_size > MAX_BYTES:
        raise InputError(
            f"{file} has {file.stat().st_size / 2**20:.0f} MB, and at most {MAX_BYTES >> 20} MB are taken."
        )
    return file.name, file.read_bytes()


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"Port {port} cannot be used ({reason}): give another --port, or 0 for a free one.") from None
    return listener
