"""Old names that keep working for a while: one mechanism for modules and registries."""

import importlib
import warnings
from collections.abc import Callable, Mapping
from typing import Any


def warn_renamed(kind: str, old: str, new: str, since: str, *, stacklevel: int = 3) -> None:
    """Say that a name has another one by now, and until when the old one works.

    Parameters
    ----------
    kind
        What is named: "name", "agent", "setting".
    old, new
        The names.
    since
        The version that renamed it; the old name goes with the next minor version.
    stacklevel
        As for `warnings.warn`: 3 blames the caller of the function that calls this one.
    """
    warnings.warn(
        f"The {kind} {old} is called {new} since scanpath {since}; use that, the old name will go.",
        DeprecationWarning,
        stacklevel=stacklevel,
    )


def with_old_names(
    module: str, getattribute: Callable[[str], Any], moved: Mapping[str, str], *, since: str
) -> Callable[[str], Any]:
    """Return a module's ``__getattr__`` that also knows names which have moved elsewhere.

    Parameters
    ----------
    module
        The module's name.
    getattribute
        Its ``__getattr__`` for present names.
    moved
        Old name to ``"module:name"`` where it is now.
    since
        The version that moved them.
    """

    def find(name: str) -> Any:
        if name not in moved:
            return getattribute(name)
        place, _, attribute = moved[name].partition(":")
        warn_renamed("name", f"{module}.{name}", f"{place}.{attribute}", since)
        return getattr(importlib.import_module(place), attribute)

    return find
