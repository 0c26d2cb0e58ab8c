"""The one loop by which every agent looks at a picture."""

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
    return Scanpath(
        xy,
        info={
            **stimulus.info,
            "stimulus": stimulus.name,
            "agent": agent.name,
            "target_found": on_target[-1],
            "on_target": on_target,
        },
    )
