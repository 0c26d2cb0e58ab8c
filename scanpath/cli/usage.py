"""What the running command's options are called, and what is said of wrong use."""

import re
from collections.abc import Sequence
from typing import Any

import typer

#: Name in the library -> name of the option for it, where they differ.
_LIBRARY_NAMES = {"n_fixations": "fixations", "n_people": "people", "n_pictures": "pictures"}
_PYDANTIC = re.compile(r"Invalid value for '([^']+)': Input should be a valid (integer|number)\b[^.]*")
_KINDS = {"integer": "a whole number", "number": "a number"}


def command_options(app: typer.Typer, words: Sequence[str]) -> dict[str, str]:
    """Names that the library has for what a command's options set, with the options.

    Parameters
    ----------
    app
        All commands.
    words
        What follows the program's name on the command line.

    Examples
    --------
    >>> app = typer.Typer()
    >>> app.callback()(lambda: None) and None
    >>> @app.command()
    ... def look(fixations: int = 10) -> None: ...
    >>> command_options(app, ["look"])["n_fixations"]
    '--fixations'
    """
    command: Any = typer.main.get_command(app)
    for word in words:
        inner = getattr(command, "commands", {}).get(word)
        if inner is None:
            break
        command = inner
    found = {one.name: next((way for way in one.opts if way.startswith("--")), None) for one in command.params}
    options = {name: way for name, way in found.items() if name and way}
    return options | {ours: options[name] for ours, name in _LIBRARY_NAMES.items() if name in options}


def wrong_use(error: Any) -> str:
    """Say in one sentence what is wrong with a command line, and where its right use is listed."""
    said = _PYDANTIC.sub(lambda it: f"{it[1]} must be {_KINDS[it[2]]}", error.format_message()).rstrip(".")
    command = "scanpath" if error.ctx is None else error.ctx.command_path
    return f"{said} ({command} --help lists what there is)"
