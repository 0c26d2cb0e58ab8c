"""The one loop by which every agent looks at a picture."""

from collections.abc import Callable, Sequence

import torch

from scanpath._core.checks import check_count
from scanpath.agents.agent import Agent
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus


def run_episode(agent: Agent, stimulus: Stimulus, *, n_fixations: int, generator: torch.Generator) -> Scanpath:
    """Let an agent look at a picture until it finds the target or has made its fixations.

    Parameters
    ----------
    agent
        Who looks.
    stimulus
        The picture and its task.
    n_fixations
        The most fixations, the first one included.
    generator
        Source of all the episode's randomness.

    Returns
    -------
    Scanpath
        Fixations in px, without durations; ``info`` has ``target_found`` (None where nothing is looked for) and
        ``on_target``, one entry a fixation.

    Examples
    --------
    >>> from scanpath.agents import create_agent
    >>> stimulus = Stimulus(torch.zeros(1, 48, 64), name="blank")
    >>> path = run_episode(create_agent("random"), stimulus, n_fixations=3, generator=torch.Generator())
    >>> len(path)
    3
    """
    check_count("n_fixations", n_fixations)
    xy = [agent.first_fixation(stimulus, generator)]
    on_target = [agent.found_rule.found(stimulus, xy[0], 0)]
    while not on_target[-1] and len(xy) < n_fixations:
        xy.append(agent.next_fixation(stimulus, xy, generator))
        on_target.append(agent.found_rule.found(stimulus, xy[-1], len(xy) - 1))
    return _scanpath(agent, stimulus, xy, on_target)


def run_together(
    agent: Agent,
    stimuli: Sequence[Stimulus],
    choose: Callable[[list[int]], list[tuple[float, float]]],
    paths: list[list[tuple[float, float]]],
    *,
    n_fixations: int,
) -> list[Scanpath]:
    """Run the same loop on several pictures in step, for agents that work on them at once.

    Parameters
    ----------
    agent
        Who looks.
    stimuli
        The pictures.
    choose
        Gives the next fixation for those pictures, by index, whose episodes go on.
    paths
        The first fixation on each picture; longer ones are added here, where `choose` can read them.
    n_fixations
        The most fixations, the first one included.
    """
    check_count("n_fixations", n_fixations)
    found = [[agent.found_rule.found(stimulus, xy[0], 0)] for stimulus, xy in zip(stimuli, paths)]
    while going := [i for i, xy in enumerate(paths) if not found[i][-1] and len(xy) < n_fixations]:
        for i, xy in zip(going, choose(going)):
            paths[i].append(xy)
            found[i].append(agent.found_rule.found(stimuli[i], xy, len(paths[i]) - 1))
    return [_scanpath(agent, *episode) for episode in zip(stimuli, paths, found)]


def _scanpath(
    agent: Agent, stimulus: Stimulus, xy: list[tuple[float, float]], on_target: list[bool | None]
) -> Scanpath:
    facts = {"stimulus": stimulus.name, "agent": agent.name, "target_found": on_target[-1], "on_target": on_target}
    return Scanpath(xy, info={**stimulus.info, **facts})
