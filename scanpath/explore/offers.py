"""Which agents the page offers, with the settings that need no download, and what the others need."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scanpath._core.errors import InputError, ScanpathError
from scanpath.agents.catalog import agent_card, agent_settings, chooses_first, create_agent, list_agents

#: Features without weights, in the place of networks that would be downloaded.
_STEERABLE = {"backbone": "steerable"}
#: Agent -> (what it needs of the page, its settings there).
_READY: dict[str, tuple[str, dict[str, Any]]] = {
    "viewer": ("", {}),
    "itti_koch": ("", {}),
    "spectral_residual": ("", {}),
    "g_eymol": ("", {}),
    "levy": ("", {}),
    "scenewalk": ("", {}),
    "neva": ("", {}),
    "nevaclip": ("caption", {}),
    "eccnet": ("target", _STEERABLE),
    "eccnet.fixed_grid": ("target", _STEERABLE),
    "ivsn": ("target", _STEERABLE),
    "bayesian": ("target", _STEERABLE),
    "pixel_match": ("target", {}),
    "center": ("", {}),
    "random": ("", {}),
}
_OTHERS = {
    "gazeformer": "needs weights that its authors publish: scanpath simulate --agent gazeformer",
    "tpp_gaze": "needs weights that its authors publish: scanpath simulate --agent tpp_gaze",
    "chance": "needs the slots of a search display: Stimulus(..., cells=...) in Python",
    "clip_attention": "needs a CLIP to be downloaded: --set pretrained=openai",
    "human": "needs people's fixations to replay: create_agent('human', fixations=...) in Python",
    "oat": "needs boxes of the objects: scanpath simulate --agent oat --objects boxes.csv",
    "salient_relevance": "needs 5 MB of weights: scanpath simulate --agent salient_relevance --weights FILE",
    "searcher": "needs a fit to people who search: scanpath fit searcher, then --weights FILE",
}
_VARIANT = "a variant of {}: scanpath simulate --agent {}"


@dataclass(frozen=True)
class Offer:
    """An agent on the page.

    Attributes
    ----------
    name, claim, paper
        As in `agent_card`.
    needs
        "caption" or "target", or nothing.
    chooses_first
        Whether its first fixation is its own choice.
    settings
        What it is built with.
    """

    name: str
    claim: str
    paper: str
    needs: str
    chooses_first: bool
    settings: dict[str, Any] = field(default_factory=dict)


def offers(own: Sequence[str] = ()) -> dict[str, Offer]:
    """Return the agents of the page by name, in its order: somebody's own, then those that run without download.

    Parameters
    ----------
    own
        Names as `create_agent` takes them, of agents that need no settings.

    Raises
    ------
    InputError
        If one of them cannot be built, or is on the page already.

    Examples
    --------
    >>> offers()["nevaclip"].needs
    'caption'
    """
    known = {
        name: Offer(name, *agent_card(name), needs, chooses_first(name), settings)
        for name, (needs, settings) in _READY.items()
    }
    return {name: _own(name) for name in own} | known


def _own(name: str) -> Offer:
    if name in _READY:
        raise InputError(f"{name} is on the page already; --agent adds your own: package.module:name, or a .json file.")
    needed = [key for key, one in agent_settings(name).items() if one.default is one.empty]
    if needed:
        raise InputError(
            f"{name} needs {', '.join(needed)}, which the page cannot give; add a function to your module that returns "
            "the agent with what it needs."
        )
    try:
        agent = create_agent(name)
    except ScanpathError:
        raise
    except (TypeError, ValueError, RuntimeError) as error:  # of somebody's code
        raise InputError(f"{name} cannot be built: {type(error).__name__}: {error}") from error
    claim, paper = ("", "") if name.endswith(".json") else agent_card(name)
    return Offer(name, claim or f"your own: {agent.name}", paper, "", bool(agent.chooses_first))


def not_offered() -> dict[str, str]:
    """Return what each other agent needs, by name.

    Examples
    --------
    >>> not_offered()["eccnet.max_pooling"]
    'a variant of eccnet: scanpath simulate --agent eccnet.max_pooling'
    """
    names = [name for name in list_agents() if name not in _READY]
    known = {name: _VARIANT.format(name.partition(".")[0], name) for name in names if "." in name}
    known |= {name: f"not on this page: scanpath simulate --agent {name}" for name in names if "." not in name}
    return known | {name: needs for name, needs in _OTHERS.items() if name in known}
