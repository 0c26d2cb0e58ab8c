"""The agents by name."""

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
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
        "itti_koch": "scanpath.agents.winner_take_all:itti_koch",
        "spectral_residual": "scanpath.agents.winner_take_all:spectral_residual",
        "salient_relevance": "scanpath.agents.winner_take_all:salient_relevance",
        "clip_attention": "scanpath.agents.winner_take_all:clip_attention",
        "g_eymol": "scanpath.agents.g_eymol:g_eymol",
        "levy": "scanpath.agents.levy:levy",
        "human": "scanpath.agents.human:human",
        "neva": "scanpath.agents.neva:neva",
        "nevaclip": "scanpath.agents.nevaclip:nevaclip",
        "chance": "scanpath.agents.chance:chance",
        "pixel_match": "scanpath.agents.pixel_match:pixel_match",
        "eccnet": "scanpath.agents.eccnet:eccnet",
        "eccnet.fisheye": "scanpath.agents.eccnet_variants:fisheye",
        "eccnet.fixed_grid": "scanpath.agents.eccnet_variants:fixed_grid",
        "eccnet.lines": "scanpath.agents.eccnet_variants:lines",
        "eccnet.max_pooling": "scanpath.agents.eccnet_variants:max_pooling",
        "eccnet.mnist": "scanpath.agents.eccnet_variants:mnist",
        "eccnet.no_eccentricity": "scanpath.agents.eccnet_variants:no_eccentricity",
        "eccnet.places365": "scanpath.agents.eccnet_variants:places365",
        "eccnet.places365_rotated": "scanpath.agents.eccnet_variants:places365_rotated",
        "eccnet.rotated": "scanpath.agents.eccnet_variants:rotated",
        "eccnet.single_level": "scanpath.agents.eccnet_variants:single_level",
        "eccnet.smooth": "scanpath.agents.eccnet_variants:smooth",
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


def create_agent(name: str, *, label: str | None = None, **settings: Any) -> Agent:
    """Build an agent by its published name.

    Parameters
    ----------
    name
        One of `list_agents()`.
    label
        What tables call the agent, to tell two agents of one name apart; default `name`. Random numbers follow it.
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
    signature = inspect.signature(build)
    for setting in settings:
        if setting not in signature.parameters:
            raise unknown_name(f"setting of agent {name!r}", setting, signature.parameters)
    missing = [
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.default is parameter.empty and parameter.name not in settings
    ]
    if missing:
        raise InputError(
            f"Agent {name!r} needs {', '.join(missing)}; give it as in create_agent({name!r}, {missing[0]}=...)."
        )
    agent = build(**settings)
    agent.name = label or name
    bound = signature.bind(**settings)
    bound.apply_defaults()
    agent.settings = {"agent": name, **{key: _plain(value) for key, value in bound.arguments.items()}}
    return agent


def _plain(value: Any) -> Any:
    """Return a setting in a form that JSON can hold."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    if isinstance(value, os.PathLike):
        return os.path.basename(value)  # a machine's folders are no part of a setting
    return repr(value) if is_dataclass(value) else type(value).__name__
