"""`scanpath convert`: fixations from one format to another."""

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from scanpath.cli.advice import as_options


def register(app: typer.Typer) -> None:
    """Add the command; options it does not name itself are settings of the formats."""
    known = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command("convert", context_settings=known, short_help="Read other programs' fixations, say what was changed.")(
        convert
    )


def convert(
    words: Annotated[
        list[str], typer.Argument(metavar="IN... OUT", help="File or folder to read, or several files; file to write.")
    ],
    from_: Annotated[str | None, typer.Option("--from", help="Format to read; default: recognized.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Format to write; default: by the ending of OUT.")] = None,
    formats: Annotated[bool, typer.Option("--settings", help="Show the settings of both formats and stop.")] = False,
) -> None:
    """Convert fixations and say what was changed: units, offsets, flips, dropped rows.

    Exports of eye trackers are recognized, and put together where there is one for each person, in a folder or
    as IN IN IN OUT. Settings of a format are options, too, such as --picture-at 128,96 --eye left, and of any table
    --columns GazeX=x_px,Dur=duration_ms --time-unit s; what a file does not say is asked for by name.
    """
    from scanpath._core.errors import InputError
    from scanpath.datasets.formats import convert as run
    from scanpath.datasets.formats.format import FORMATS, format_for_writing
    from scanpath.datasets.formats.several import files_of, format_of

    paths, settings = paths_and_settings(words)
    if len(paths) < 2:
        raise InputError("Give what is to be read and what is to be written: scanpath convert IN OUT.")
    *sources, out = map(Path, paths)
    if len(sources) > 1 and out.is_file():
        raise InputError(f"{out} is there already; several files are put into a new one, so that none is lost.")
    source = sources[0] if len(sources) == 1 else sources
    if formats:
        reader = FORMATS[from_ or format_of(files_of(source, from_))]
        writer = FORMATS[to or format_for_writing(out)]
        for form, way in ((reader, "read"), (writer, "write")):
            meanings = form.meanings(way)
            typer.echo(f"{way} {form.name}:{'' if meanings else ' no settings'}")
            for name, meaning in meanings.items():
                typer.echo(f"  --{name.replace('_', '-'):<18} {meaning}")
        return
    typer.echo(as_options(str(run(source, out, from_=from_, to=to, **settings)), converting=True))


def paths_and_settings(words: list[str]) -> tuple[list[str], dict[str, Any]]:
    """Part paths from settings, with numbers, lists and true or false as they read, and names as they are written.

    Examples
    --------
    >>> paths_and_settings(["a.tsv", "--picture-at", "128,96", "--subject", "1e5", "out.csv"])
    (['a.tsv', 'out.csv'], {'picture_at': [128, 96], 'subject': '1e5'})
    """
    from scanpath._core.errors import InputError

    paths: list[str] = []
    settings: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            paths.append(word)
            continue
        name, equals, value = word[2:].partition("=")
        if not word.startswith("--"):
            raise InputError(f"{word!r} is not expected here; settings have the form --name value.")
        if not equals:
            if not rest:
                raise InputError(f"--{name} needs a value.")
            value = rest.pop(0)
        name = name.replace("-", "_")
        if name in settings:
            raise InputError(f"--{name} is given twice; give it once, several values separated by commas.")
        if name in _NAMES:
            settings[name] = value
        else:
            settings[name] = parse_pairs(value) if name in _PAIRS and "=" in value else parse_value(value)
    return paths, settings


#: Settings that are pairs of names.
_PAIRS = ("columns", "only", "time_unit", "detect")
#: Settings that are a name or a sign, whatever else it may look like.
_NAMES = ("subject", "stimulus", "agent", "dataset", "name", "variable", "comment", "decimal", "thousands", "separator",
          "pattern", "stimulus_column", "subject_column", "trial_column", "stimulus_message",
          "trial_message", "end_message")  # fmt: skip


def parse_pairs(text: str) -> dict[str, Any]:
    """Read pairs of names; the values of a name that is there several times become a list.

    Examples
    --------
    >>> parse_pairs("GazeX=x_px,Dur=duration_ms"), parse_pairs("label=FIXA,label=PURS")
    ({'GazeX': 'x_px', 'Dur': 'duration_ms'}, {'label': ['FIXA', 'PURS']})
    """
    if text.startswith("{"):
        return dict(parse_value(text))
    found: dict[str, Any] = {}
    for part in text.split(","):
        own, _, name = part.rpartition("=")
        found[own] = (
            name if own not in found else [*([found[own]] if isinstance(found[own], str) else found[own]), name]
        )
    return found


def parse_value(text: str) -> Any:
    """Read a setting: JSON, numbers separated by commas or an x, true or false, else text.

    Examples
    --------
    >>> parse_value("128,96"), parse_value("1024x768"), parse_value("True"), parse_value("left")
    ([128, 96], [1024, 768], True, 'left')
    """
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if re.fullmatch(r"\d+x\d+", text):
        return [int(part) for part in text.split("x")]
    for form in (text, f"[{text}]") if "," in text else (text,):
        try:
            return json.loads(form)
        except ValueError:
            continue
    return text
