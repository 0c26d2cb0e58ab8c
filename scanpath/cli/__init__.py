"""The command line: thin commands over the public functions; heavy imports are inside the commands."""

from scanpath.cli.app import main

__all__ = ["main"]
