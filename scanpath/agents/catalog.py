"""The agents by name."""

import inspect
from collections.abc import Callable
from typing import Any

from scanpath._core.errors import InputError, unknown_name
from scanpath._core.registry import Registry
from scanpath.agents.agent import Agent

#: Published name -> function that builds the agent; a variant has a tag after a dot.
AGENTS: Registry[Callable[..., Agent]] = Registry(
    "agent",
    {
        "center": "scanpath.agents.center:center",
        "random": "scanpath.agents.random:random",
        "eccnet": "scanpath.agents.eccnet:eccnet",
        "eccnet.single_level": "scanpath.agents.eccnet:eccnet_single_level",
        "eccnet.no_eccentricity": "scanpath.agents.eccnet:eccnet_no_eccentricity",
        "ivsn": "scanpath.agents.ivsn:ivsn",
        "ivsn.gupta2021": "scanpath.agents.ivsn:ivsn_gupta2021",
    },
)


def list_agents(pattern: str = "*") -> list[str]:
    """Names of the agents that match a shell pattern.

    Examples
    --------
    >>> list_agents("r*")
    ['random']
    """
    return AGENTS.names(pattern)


def create_agent(name: str, **settings: Any) -> Agent:
    """Build an agent by its published name.

    Parameters
    ----------
    name
        One of `list_agents()`.
    settings
        The agent's own settings; its builder's docstring lists them, and their defaults are the paper's.

    Raises
    ------
    InputError
        If the name or a setting is unknown; near names are suggested.

    Examples
    --------
    >>> create_agent("center").name
    'center'
    """
    build = AGENTS[name]
    known = [
        parameter.name
        for parameter in inspect.signature(build).parameters.values()
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    for setting in settings:
        if setting not in known:
            raise unknown_name(f"setting of agent {name!r}", setting, known)
    agent = build(**settings)
    if not isinstance(agent, Agent):
        raise InputError(f"The builder of agent {name!r} returned a {type(agent).__name__}, not an Agent.")
    return agent
