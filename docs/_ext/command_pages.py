"""Write the reference of the command line from the commands themselves."""

import re
from pathlib import Path

import typer
from api_pages import heading, write_if_changed
from sphinx.application import Sphinx

from scanpath.cli.app import app as commands


def escape(text: str | None) -> str:
    """Keep what a command says from being read as markup."""
    return re.sub(r"([\\*`_|])", r"\\\1", " ".join((text or "").split()))


def describe(parameter) -> str:
    """One option or argument with its help and default."""
    names = [parameter.metavar or parameter.name] if parameter.param_type_name == "argument" else parameter.opts
    default = parameter.default
    said = "" if default in (None, (), [], False, "") or callable(default) else f" Default: ``{default}``."
    needed = " Required." if parameter.required else ""
    return f"``{', '.join(names)}``\n   {escape(getattr(parameter, 'help', '')) or 'See above.'}{needed}{said}\n"


def command_section(words: list[str], command, depth: int) -> str:
    """Describe a command, and those below it."""
    title = " ".join(words)
    below = getattr(command, "commands", {})
    page = f"{heading(title, '=-~^'[depth])}\n"
    page += "\n\n".join(escape(part) for part in (command.help or "").replace("\f", "").split("\n\n")) + "\n\n"
    for parameter in command.params:
        if parameter.name not in ("help", "install_completion", "show_completion"):
            page += describe(parameter) + "\n"
    for name, inner in below.items():
        page += command_section([*words, name], inner, depth + 1)
    return page


def write_commands(app: Sphinx) -> None:
    """Write `api/commands.rst`."""
    command = typer.main.get_command(commands)
    write_if_changed(Path(app.srcdir) / "api" / "commands.rst", command_section(["scanpath"], command, 0))


def setup(app: Sphinx) -> dict[str, bool]:
    """Take part in a build."""
    app.connect("builder-inited", write_commands)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
