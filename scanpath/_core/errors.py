"""Errors that say what is needed, what came, and what to do."""

import difflib
from collections.abc import Iterable


class ScanpathError(Exception):
    """Base of all errors that the package raises on purpose."""


class InputError(ScanpathError, ValueError):
    """The caller's input cannot be used; the message is one sentence a user can act on."""


class InputWarning(UserWarning):
    """The input can be used, but it is probably not what is meant; the message is one sentence."""


class UnknownNameError(InputError, KeyError):
    """A name is in no registry; the message lists the nearest known names."""

    def __str__(self) -> str:  # KeyError would show the message in quotes
        return str(self.args[0])


class MissingFileError(InputError, FileNotFoundError):
    """A file or folder that was asked for is not there."""

    def __str__(self) -> str:
        return str(self.args[0])


class MissingDependencyError(ScanpathError, ImportError):
    """An optional library is not installed; the message names the command that installs it."""


class UndefinedError(InputError):
    """A measure has no value for this input.

    Parameters
    ----------
    message
        One sentence for a person.
    reason
        Short stable code that batch results count, for example ``"too_short"``.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """Build the error for a name that is not known, with near matches first."""
    names = sorted(set(known))
    near = difflib.get_close_matches(str(name), names, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(names) or 'none'}."
    return UnknownNameError(f"No {kind} is named {name!r}. {hint}")
