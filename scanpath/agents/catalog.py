"""The agents by name, and the published variants of them, which are settings."""

import inspect
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import is_dataclass
from typing import Any, NamedTuple

from scanpath._core.errors import InputError, ScanpathError, unknown_name
from scanpath._core.registry import Registry
from scanpath.agents.agent import Agent
from scanpath.agents.imported import import_agent, is_imported


class Variant:
    """A published name for an agent with other settings.

    Parameters
    ----------
    base
        Name of the agent.
    claim
        One line: what is different.
    needs
        Settings that have no default and must be given.
    **settings
        Defaults in place of the agent's own.
    """

    def __init__(self, base: str, claim: str, *, needs: tuple[str, ...] = (), **settings: Any) -> None:
        self.base, self.claim, self.needs, self.settings = base, claim, needs, settings


def _retrained(pictures: str) -> Variant:
    claim = f"eccNET with weights trained on {pictures}, which are not downloaded; give weights=<file>"
    return Variant("eccnet", claim, needs=("weights",))


def _ibs(similarity: str, claim: str, **settings: Any) -> Variant:
    """Return a searcher of the ViSioNS benchmark, as its programs have it but for the counting of responses."""
    return Variant(
        "bayesian",
        f"ideal Bayesian searcher {claim}",
        similarity=similarity,
        alignment="published",
        noise="published",
        prior="center",
        **settings,
    )


#: Published name -> what is built by it: an agent's class, or a variant of another agent, with a tag after a dot.
AGENTS: Registry[Callable[..., Agent] | Variant] = Registry(
    "agent",
    {
        "bayesian": "scanpath.agents.bayesian:BayesianAgent",
        "center": "scanpath.agents.center:CenterAgent",
        "random": "scanpath.agents.random:RandomAgent",
        "itti_koch": "scanpath.agents.winner_take_all:IttiKoch",
        "spectral_residual": "scanpath.agents.winner_take_all:SpectralResidual",
        "salient_relevance": "scanpath.agents.winner_take_all:SalientRelevance",
        "clip_attention": "scanpath.agents.winner_take_all:ClipAttention",
        "gazeformer": "scanpath.agents.gazeformer:Gazeformer",
        "g_eymol": "scanpath.agents.g_eymol:GEymolAgent",
        "levy": "scanpath.agents.levy:LevyAgent",
        "scenewalk": "scanpath.agents.scenewalk:SceneWalk",
        "oat": "scanpath.agents.oat:Oat",
        "searcher": "scanpath.agents.searcher:Searcher",
        "tpp_gaze": "scanpath.agents.tpp_gaze:TppGaze",
        "viewer": "scanpath.agents.viewer:Viewer",
        "human": "scanpath.agents.human:HumanAgent",
        "neva": "scanpath.agents.neva:Neva",
        "nevaclip": "scanpath.agents.nevaclip:NevaClip",
        "chance": "scanpath.agents.chance:Chance",
        "pixel_match": "scanpath.agents.pixel_match:PixelMatch",
        "eccnet": "scanpath.agents.eccnet:EccNet",
        "eccnet.fisheye": _retrained("fisheye views"),
        "eccnet.fixed_grid": Variant("eccnet", "our own faster eccNET: one grid a picture", features="fixed_grid"),
        "eccnet.lines": _retrained("pictures with lines drawn over"),
        "eccnet.max_pooling": Variant("eccnet", "eccNET with growing windows of maxima, as trained", pooling="max"),
        "eccnet.mnist": _retrained("digits"),
        "eccnet.no_eccentricity": Variant("eccnet", "eccNET with plain max pooling, as trained", eccentricity=False),
        "eccnet.places365": _retrained("places"),
        "eccnet.places365_rotated": _retrained("rotated places"),
        "eccnet.rotated": _retrained("rotated pictures"),
        "eccnet.single_level": Variant("eccnet", "eccNET with the coarsest level alone", levels=(5,)),
        "eccnet.smooth": Variant(
            "eccnet", "eccNET on one grid, with windows that grow smoothly", features="fixed_grid", windows="smooth"
        ),
        "ibs.correlation": _ibs("correlation", "by correlation of pixels with the target (cIBS)"),
        "ibs.features": _ibs("features", "by a network's likeness to the target (nnIBS)", backbone="vgg16"),
        "ibs.ssim": _ibs("ssim", "by structural similarity to the target (sIBS)"),
        "ivsn": "scanpath.agents.ivsn:Ivsn",
        "ivsn.gupta2021": Variant(
            "eccnet", "IVSN as a control of eccNET: its loop, plain max pooling", eccentricity=False, levels=(5,)
        ),
    },
    group="scanpath.agents",
)


#: How the name of a file ends that holds a calibration.
_CALIBRATION = ".json"


def list_agents(pattern: str = "*") -> list[str]:
    """Names of the agents that match a shell pattern.

    Examples
    --------
    >>> list_agents("r*")
    ['random']
    """
    return AGENTS.names(pattern)


def is_agent_name(name: str) -> bool:
    """Whether `create_agent` takes a name: of the list, of a file, or of a place to import from.

    Examples
    --------
    >>> is_agent_name("viewer"), is_agent_name("itti.json"), is_agent_name("veiwer")
    (True, True, False)
    """
    return name.endswith(_CALIBRATION) or is_imported(name) or name in AGENTS


def create_agent(name: str, *, label: str | None = None, **settings: Any) -> Agent:
    """Build an agent by its published name.

    Parameters
    ----------
    name
        One of `list_agents()`; the .json file of a calibration: its agent, with maps that are densities; or
        ``package.module:name`` of somebody's own: a class of agents, or a function that returns one.
    label
        What tables call the agent, to tell two agents of one name apart; default `name`, or the name of the
        calibrated agent. Random numbers follow it.
    settings
        The agent's own settings; its class's docstring lists them, and their defaults are the paper's.

    Raises
    ------
    InputError
        If the name or a setting is unknown; near names are suggested.

    Examples
    --------
    >>> create_agent("center").name
    'center'
    """
    if name.endswith(_CALIBRATION):
        return _calibrated(name, label, settings)
    known = agent_settings(name)
    name = name if is_imported(name) else AGENTS.current(name)
    for setting in settings:
        if setting not in known:
            raise unknown_name(f"setting of agent {name!r}", setting, known)
    missing = [key for key, one in known.items() if one.default is one.empty and settings.get(key) is None]
    if missing:
        raise InputError(
            f"Agent {name!r} needs {', '.join(missing)}; give it as in create_agent({name!r}, {missing[0]}=...)."
        )
    values = {key: one.default for key, one in known.items()} | settings
    agent = _built(name, values)
    if not isinstance(agent, Agent):
        raise InputError(
            f"{name} must return an agent, got {type(agent).__name__}; see scanpath.Agent and scanpath.as_agent."
        )
    agent.name = label or (agent.name if is_imported(name) else name)
    agent.settings = {"agent": name, **{key: _plain(value) for key, value in values.items()}}
    return agent


def _built(name: str, values: Mapping[str, Any]) -> Agent:
    build = _builder(name)
    if not is_imported(name):
        return build(**values)
    try:
        return build(**values)
    except (ScanpathError, TypeError, ValueError, RuntimeError):  # of settings, which others put into words
        raise
    except Exception as error:  # whatever somebody's code raises
        raise InputError(f"{name} cannot be built: {type(error).__name__}: {error}") from error


def agent_settings(name: str) -> dict[str, inspect.Parameter]:
    """Return the settings of an agent, by name, with their defaults.

    What a class passes on as ``**settings`` are the keyword parameters of its base.

    Examples
    --------
    >>> agent_settings("center")["spread"].default
    0.2
    """
    if name.endswith(_CALIBRATION):
        from scanpath.agents.calibrated import CalibratedAgent, Calibration

        temperature = _parameters(CalibratedAgent)["temperature"]
        drawing = str(Calibration.load(name).agent["agent"])
        with _fitted_to(name, drawing):
            return agent_settings(drawing) | {"temperature": temperature}
    entry = _entry(name)
    if not isinstance(entry, Variant):
        return _parameters(entry)
    known = agent_settings(entry.base)
    own = dict.fromkeys(entry.needs, inspect.Parameter.empty) | entry.settings
    if entry.settings and "name" in known:
        own["name"] = name  # eccNET's family notes its name among its settings
    return known | {key: known[key].replace(default=value) for key, value in own.items()}


@contextmanager
def _fitted_to(path: str, name: str) -> Iterator[None]:
    """Say which file asks for an agent of one's own that is not here."""
    try:
        yield
    except InputError as error:
        if not is_imported(name):
            raise
        raise InputError(f"{path} was fitted to the maps of {name}, which is not part of it: {error}") from error


def _calibrated(path: str, label: str | None, settings: dict[str, Any]) -> Agent:
    from scanpath.agents.calibrated import CalibratedAgent, Calibration, DrawsMaps

    calibration = Calibration.load(path)
    made = dict(calibration.agent)
    name, temperature = str(made.pop("agent")), settings.pop("temperature", 1.0)
    with _fitted_to(path, name):
        drawing = create_agent(name, label=label, **(made | settings))
    if not isinstance(drawing, DrawsMaps):
        raise InputError(f"{path} is a calibration of {name!r}, which draws no map.")
    agent = CalibratedAgent(agent=drawing, calibration=calibration, temperature=temperature)
    agent.settings = drawing.settings | {"calibration": os.path.basename(path), "temperature": temperature}
    return agent


def _parameters(build: Callable[..., Agent]) -> dict[str, inspect.Parameter]:
    if not isinstance(build, type):
        return dict(inspect.signature(build).parameters)
    found: dict[str, inspect.Parameter] = {}
    for kind in (one for one in build.__mro__ if "__init__" in vars(one)):
        own = inspect.signature(kind).parameters.values()
        found = {one.name: one for one in own if one.kind is one.KEYWORD_ONLY} | found
        if all(one.kind is not one.VAR_KEYWORD for one in own):
            break
    if found.get("name") is not None and found["name"].default is None:
        del found["name"]  # the base's, which `create_agent` gives itself as the label
    return found


def _entry(name: str) -> Callable[..., Agent] | Variant:
    if ":" in name and not is_imported(name):
        raise InputError(f"An agent of one's own is named package.module:name, got {name!r}.")
    return import_agent(name) if is_imported(name) else AGENTS[name]


def _builder(name: str) -> Callable[..., Agent]:
    entry = _entry(name)
    return _builder(entry.base) if isinstance(entry, Variant) else entry


def chooses_first(name: str) -> bool:
    """Whether an agent's first fixation is its own choice; see `Agent`.

    Examples
    --------
    >>> chooses_first("ivsn"), chooses_first("ivsn.gupta2021")
    (True, False)
    """
    return bool(getattr(_builder(name), "chooses_first", False))


class AgentCard(NamedTuple):
    """What a list of agents says of one."""

    claim: str
    paper: str


def agent_card(name: str) -> AgentCard:
    """Return what an agent is in one line, and authors and year of the paper that it implements.

    Examples
    --------
    >>> agent_card("g_eymol").paper
    'Zanca, Melacci, Gori (2020)'
    """
    try:
        entry, text = _entry(name), inspect.getdoc(_builder(name)) or ""
    except InputError as error:  # of somebody's package; the list goes on
        return AgentCard(str(error), "")
    claim = entry.claim if isinstance(entry, Variant) else text.partition("\n")[0]
    paper = re.search(r"References\n-+\n(.+?\(\d{4}\))", text, re.DOTALL)
    return AgentCard(claim, " ".join(paper[1].split()) if paper else "")


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
