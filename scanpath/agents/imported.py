"""Agents that somebody else wrote, by the place they are imported from."""

import importlib
from collections.abc import Callable
from typing import Any, cast

from scanpath._core.errors import InputError
from scanpath.agents.agent import Agent


def is_imported(name: str) -> bool:
    """Whether a name is a place to import an agent from, ``package.module:name``.

    Examples
    --------
    >>> is_imported("my_models.gaze:viewer"), is_imported("viewer"), is_imported("results/fit.json")
    (True, False, False)
    """
    module, colon, attribute = name.partition(":")
    return bool(colon) and attribute.isidentifier() and all(part.isidentifier() for part in module.split("."))


def import_agent(name: str) -> Callable[..., Agent]:
    """Return what builds an agent: a class of agents, or a function that returns one.

    Parameters
    ----------
    name
        ``package.module:name``. The code of the module runs.

    Raises
    ------
    InputError
        If there is no such module or name in it, the module cannot be imported, or it is something else.
    """
    module, _, attribute = name.partition(":")
    try:
        found: Any = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        if error.name is None or not (module == error.name or module.startswith(f"{error.name}.")):
            raise InputError(f"{module} imports {error.name}, which is not installed.") from error
        raise InputError(
            f"There is no module {error.name!r} to import {name!r} from; install it, or run from the folder it is in."
        ) from error
    except AttributeError as error:
        raise InputError(f"The module {module} has no {attribute!r}; check the name after the colon.") from error
    except Exception as error:  # whatever somebody's code raises when it is imported
        raise InputError(f"{module} cannot be imported: {type(error).__name__}: {error}") from error
    if isinstance(found, Agent) or not callable(found):
        what = "an agent that was built already" if isinstance(found, Agent) else f"of type {type(found).__name__}"
        raise InputError(f"{name} must be a class of agents or a function that returns an agent, and it is {what}.")
    if isinstance(found, type) and not issubclass(found, Agent):
        raise InputError(
            f"{name} is the class {found.__name__}, which is no agent; write a function that returns one, such as "
            "scanpath.as_agent(module)."
        )
    return cast(Callable[..., Agent], found)
