"""The `scanpath` command and what becomes of errors."""

import os
import sys
import warnings
from typing import Annotated, Any

import typer

from scanpath._core.errors import ScanpathError
from scanpath.cli import (
    catalog,
    convert,
    datasets,
    demo,
    doctor,
    explore,
    find_objects,
    fit,
    foveate,
    report,
    score,
    simulate,
    stimuli,
    study,
)
from scanpath.cli.advice import as_options
from scanpath.cli.usage import command_options, wrong_use

app = typer.Typer(
    name="scanpath",
    help="Simulate, foveate and score human gaze.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
# short_help: a line of the list of commands, which would be cut in the middle at 80 columns
app.command("demo", short_help="Let three agents search drawn displays: the job in one command.")(demo.demo)
app.command("simulate", short_help="Let agents look at pictures; write their fixations.")(simulate.simulate)
app.command("score", short_help="Score agents against people, and against each other.")(score.score)
app.command("foveate", short_help="Show pictures as seen from a fixation.")(foveate.foveate)
app.command("explore", short_help="Open a page to look at one's own picture.")(explore.explore)
app.command("agents", short_help="List the agents and their papers.")(catalog.agents)
app.command("metrics", short_help="List the metrics with range, unit and needs.")(catalog.metrics)
app.command("doctor", short_help="Show versions, GPU, weights and data that are found.")(doctor.doctor)
convert.register(app)
datasets.register(app)
find_objects.register(app)
report.register(app)
app.add_typer(stimuli.stimuli, name="stimuli")
app.add_typer(study.study, name="study")
app.add_typer(fit.fit, name="fit")


#: Raised by typer for a command line that it cannot read.
_WrongUse: Any = typer.BadParameter.__base__


def _version(asked: bool) -> None:
    if asked:
        from scanpath import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Simulate, foveate and score human gaze."""


def main() -> None:
    """Run the command line: exit 0 done, 2 wrong use or bad input, 1 failed; set SCANPATH_DEBUG=1 for tracebacks."""
    debug = bool(os.environ.get("SCANPATH_DEBUG"))
    if not debug:
        warnings.showwarning = _remark
    # worker processes that have grown large are replaced between pictures; nothing is lost, nothing is to be done
    warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given to the executor")
    # agents of one's own (module:name) are imported from the folder one is in, after all that is installed
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        code = app(prog_name="scanpath", standalone_mode=False)
    except _WrongUse as error:
        if not sys.argv[1:] or type(error).__name__ == "NoArgsIsHelpError":
            error.show()
            sys.exit(2)
        _fail(wrong_use(error), 2)
    except typer.Abort:
        _fail("Aborted.", 1)
    except ScanpathError as error:
        if debug:
            raise
        _fail(str(error), 2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has left; nothing to report
        sys.exit(0)
    except Exception as error:
        if debug:
            raise
        _fail(f"{type(error).__name__}: {error} (SCANPATH_DEBUG=1 shows where)", 1)
    else:
        if isinstance(code, int):  # what a command ended with before its end
            sys.exit(code)


def _remark(message: Warning | str, category: type[Warning], *place: object, **more: object) -> None:
    """Show a warning as one sentence, without the line of code it came from."""
    if issubclass(category, UserWarning):
        typer.echo(_sentence(str(message)), err=True)


def _fail(message: str, code: int) -> None:
    typer.echo(_sentence(message), err=True)
    sys.exit(code)


def _sentence(message: str) -> str:
    """Put a message on one line, without the control codes that names in a user's files may hold."""
    converting = sys.argv[1:2] == ["convert"]
    line = " ".join(as_options(message, command_options(app, sys.argv[1:]), converting=converting).split())
    return "scanpath: " + "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)
