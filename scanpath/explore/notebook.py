"""The page as a widget in a notebook."""

import json
import re
import threading
import types
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from scanpath._core.errors import InputError
from scanpath._core.optional import require
from scanpath.explore.server import SCRIPTS, part
from scanpath.explore.sessions import Preset, check_agents
from scanpath.explore.worker import GIVING, Worker

#: In this order each script finds what it imports above it.
_SCRIPTS = (*SCRIPTS[:-1], "notebook.js")
_PURPOSE = "The widget of scanpath.explore"
_IMPORT, _EXPORT = re.compile(r"^import .*;\n", re.MULTILINE), re.compile(r"^export (?!default)", re.MULTILINE)


def widget(picture: Any = None, *, people: str | None = None, agents: Sequence[str] = ()) -> Any:
    """Make the page of `scanpath explore` as a widget for a notebook.

    Parameters
    ----------
    picture
        File to begin with, or a `scanpath.Stimulus` whose picture, box and caption are taken.
    people
        Table of people's fixations.
    agents
        Your own, beside those that are there: ``package.module:name``, or the .json file of a calibration.

    Returns
    -------
    anywidget.AnyWidget
        Shown where it is the last value of a cell; ``close()`` ends its worker.

    Raises
    ------
    MissingDependencyError
        If anywidget is not installed.
    InputError
        If a file cannot be read, or an agent cannot be built.

    Examples
    --------
    >>> widget("nowhere.png")
    Traceback (most recent call last):
    ...
    scanpath._core.errors.MissingFileError: There is no picture at nowhere.png; check the path.
    """
    from scanpath._core.files import require_file

    preset, task = _preset(picture)
    if people is not None:
        table = require_file(people, "table")
        preset = replace(preset, people=(table.name, table.read_bytes()))
    check_agents(agents)
    preset = replace(preset, agents=tuple(agents))
    return _widget_class()(preset, task)


def script() -> str:
    """Return the page's scripts as one module for a notebook.

    Examples
    --------
    >>> "import " in script()
    False
    """
    parts = [_EXPORT.sub("", _IMPORT.sub("", part(name))) for name in _SCRIPTS]
    body = (resources.files("scanpath.explore") / "page" / "body.html").read_text(encoding="utf-8")
    return f"const BODY = {json.dumps(body)};\n" + "\n".join(parts)


def _preset(picture: Any) -> tuple[Preset, dict[str, Any]]:
    from scanpath._core.files import require_file
    from scanpath.explore.pictures import png
    from scanpath.gaze.stimulus import Stimulus

    if picture is None:
        return Preset(), {}
    if isinstance(picture, Stimulus):
        task = {"target_box": picture.target_box, "caption": picture.caption, "px_per_deg": picture.px_per_deg}
        name = picture.name if picture.name.lower().endswith(".png") else f"{Path(picture.name).stem}.png"
        return Preset((name, png(picture.image))), {key: value for key, value in task.items() if value is not None}
    if not isinstance(picture, str | Path):
        raise InputError(f"picture must be a file's path or a Stimulus, got {type(picture).__name__}.")
    file = require_file(picture, "picture")
    return Preset((file.name, file.read_bytes())), {}


def _widget_class() -> Any:
    """Make the class when it is needed, as its base is optional."""
    anywidget: Any = require("anywidget", package='"scanpath[explore]"', purpose=_PURPOSE)
    parts = {"_esm": script(), "_css": part("page.css")}
    return types.new_class("ExploreWidget", (_Messages, anywidget.AnyWidget), exec_body=lambda body: body.update(parts))


class _Messages:
    """What the widget answers: its messages are the tasks of `scanpath.explore.desk.Desk`."""

    send: Callable[[dict[str, Any]], None]
    on_msg: Callable[[Callable[[Any, dict[str, Any], list[Any]], None]], None]

    def __init__(self, preset: Preset, task: dict[str, Any]) -> None:
        super().__init__()
        self._preset, self._task, self._worker = preset, task, Worker(preset.agents)
        self.on_msg(self._asked)

    def _asked(self, _: Any, message: dict[str, Any], buffers: list[Any]) -> None:
        content = bytes(buffers[0]) if buffers else b""
        # in a thread, so that the notebook can go on and a task can be canceled
        threading.Thread(target=self._answer, args=(message, content), daemon=True).start()

    def _answer(self, message: dict[str, Any], content: bytes) -> None:
        task, told = str(message["task"]), dict(message.get("told") or {})
        if task == "cancel":
            self._worker.cancel()
            self.send({"id": message["id"], "result": {}})
            return
        given = self._preset.people if task == "people" else self._preset.picture
        if task in GIVING and told.get("preset") and given is not None:
            told["name"], content = given
        for said in self._worker.run(task, told, content):
            if task == "start" and "result" in said:
                preset = {"picture": bool(self._preset.picture), "people": bool(self._preset.people)}
                said["result"]["preset"] = preset
            if task == "open" and told.get("preset") and "result" in said and "max_side_px" not in told:
                said["result"] |= self._task
            self.send({"id": message["id"], **said})

    def close(self) -> None:
        """Take the widget away and end its worker."""
        self._worker.close()
        base: Any = super()
        base.close()
