"""The command line, run inside this process, which spares each test the imports."""

import contextlib
import io
import sys
import warnings
from typing import NamedTuple
from unittest import mock

import pytest

from scanpath.cli import main


class Ran(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def scanpath():
    """Return a function that runs `scanpath ARGUMENTS` in a folder and returns what came of it."""

    def run(*arguments, cwd="."):
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.object(sys, "argv", ["scanpath", *map(str, arguments)]),
            warnings.catch_warnings(),  # the command line prints warnings its own way
            contextlib.chdir(cwd),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                main()
                code = 0
            except SystemExit as stop:
                code = stop.code or 0
        return Ran(code, out.getvalue(), err.getvalue())

    return run
