"""SceneWalk fitted to people: the parameters under which their scanpaths are likeliest, and how sure they are."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError, unknown_name
from scanpath._core.files import write_text
from scanpath._core.random import numpy_generator
from scanpath.agents.scene_density import CELLS, DensitySource, People, SceneDensity
from scanpath.agents.scenewalk import FORMAT
from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import read_table, scanpaths_from_table
from scanpath.guidance.scenewalk_parameters import (
    PUBLISHED_NAMES,
    complete_parameters,
    read_configuration,
)
from scanpath.training.scenewalk_evidence import evidence_of
from scanpath.training.scenewalk_search import Checkpoint, Progress, Search

#: Held unless they are asked for: the phases' times and the window are the model's, and a power of the inhibition map
#: is much like a narrower one, so that its exponent and its standard deviation are hardly told apart.
HELD = ("inhibition_exponent", "post_s", "pre_s", "return_size_deg")
#: Spread of the further starts, in logarithms.
START_SPREAD = 0.5


@dataclass(frozen=True)
class SceneWalkFit:
    """Parameters of SceneWalk that were fitted to people, and where they come from.

    Parameters
    ----------
    configuration
        Which parts the model has.
    parameters
        All of them by name, the held ones too.
    intervals
        (low, high) of the fitted ones, over people.
    confidence
        Of the intervals.
    density
        Where there was something to look at: the source's name.
    bits_per_fixation
        Mean information beyond a uniform density, bits a fixation.
    density_bits_per_fixation
        The same of the density alone, without the eye's history.
    without_interval
        Fitted parameters without one: they ended at the border of what is searched, or the data do not tell them.
    data
        What it was fitted to: origin, and numbers of people, pictures, scanpaths and fixations.
    seed
        Of the further starts.
    starts
        Bits a fixation that each start arrived at; starts that differ tell of several maxima.
    """

    configuration: str
    parameters: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    confidence: float
    density: str
    bits_per_fixation: float
    density_bits_per_fixation: float
    without_interval: tuple[str, ...]
    data: dict[str, Any]
    seed: int
    starts: tuple[float, ...]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as JSON, for ``create_agent("scenewalk", weights=path)``."""
        write_text(path, json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n")


def fit_scenewalk(
    people: People,
    stimuli: Sequence[Stimulus],
    *,
    configuration: str = "subtractive",
    density: DensitySource = "people",
    parameters: Mapping[str, float] | None = None,
    fitted: Sequence[str] | None = None,
    starts: int = 1,
    confidence: float = 0.95,
    seed: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> SceneWalkFit:
    """Fit SceneWalk to people by maximum likelihood.

    Every fixation but the first of a scanpath counts, given those before it. The search is a trust-region method on the
    logarithms of the parameters (for shares, of the odds), whose curvature comes from the spread of the fixations' own
    gradients (Berndt, Hall, Hall and Hausman 1974). The intervals take a person's fixations as one observation, so that
    they hold for other people on these pictures also where the model is wrong; they need about 20 people.

    Parameters
    ----------
    people
        Tidy fixation table with durations and subjects, or its file.
    stimuli
        The pictures with `px_per_deg`, found by their names.
    configuration, density
        See `scanpath.agents.scenewalk.SceneWalk`. ``"people"`` leaves each person's own fixations out.
    parameters
        Where the search begins, and what held parameters are, over the defaults.
    fitted
        Names of the parameters to fit; default all that the configuration has, but for `HELD`.
    starts
        How many searches; the first begins at `parameters`, the others a factor of about 1.6 away from them.
    confidence
        Of the intervals.
    seed
        Names the random numbers of the further starts.
    checkpoint
        File that keeps a stopped fit, and that a fit with the same settings goes on from.
    progress
        Called with 1 after each evaluation of all scanpaths.

    Raises
    ------
    InputError
        If something is missing in people or pictures, or a name is unknown.

    References
    ----------
    Schütt, Rothkegel, Trukenbrod, Reich, Wichmann and Engbert (2017). Likelihood-based parameter estimation and
    comparison of dynamical cognitive models. Psychological Review 124, 505-524. doi:10.1037/rev0000068
    """
    names = _fitted_names(configuration, fitted)
    values = {name: float(value) for name, value in complete_parameters(parameters).items()}
    search = search_on(people, stimuli, configuration, density, names, values, progress)
    evidence = search.evidence
    settings = {"configuration": configuration, "fitted": names, "start": values, "seed": seed, **evidence.counts}
    settings["table of people or density"] = evidence.checksum()
    found = _searches(search, check_count("starts", starts), seed, Checkpoint(checkpoint, settings))
    best = max(found, key=search.bits)
    edges = search.interval(best, confidence)
    low, high = map(search.parameters, edges)
    known = dict(zip(names, np.isfinite(edges[0]).tolist(), strict=True))
    return SceneWalkFit(
        configuration=configuration,
        parameters=search.parameters(best),
        intervals={name: (low[name], high[name]) for name in names if known[name]},
        confidence=confidence,
        density=density if isinstance(density, str) else getattr(density, "__name__", "a function"),
        bits_per_fixation=search.bits(best),
        density_bits_per_fixation=float(evidence.density_bits().mean()) + math.log2(math.prod(CELLS)),
        without_interval=tuple(name for name in names if not known[name]),
        data={"origin": _origin(people), **evidence.counts},
        seed=seed,
        starts=tuple(search.bits(one) for one in found),
    )


def search_on(
    people: People,
    stimuli: Sequence[Stimulus],
    configuration: str,
    density: DensitySource,
    names: Sequence[str],
    values: Mapping[str, float],
    progress: Progress | None,
) -> Search:
    """Return the search for the parameters `names` on people's scanpaths; see `fit_scenewalk` for the rest."""
    table = read_table(people) if isinstance(people, str | os.PathLike) else people
    evidence = evidence_of(scanpaths_from_table(table), stimuli, SceneDensity(density, table))
    return Search(evidence, configuration, names, values, progress)


def _fitted_names(configuration: str, fitted: Sequence[str] | None) -> list[str]:
    used = read_configuration(configuration).parameters()
    if fitted is None:
        return [name for name in used if name not in HELD]
    names = [PUBLISHED_NAMES.get(name, name) for name in fitted]
    for name in names:
        if name not in used:
            raise unknown_name(f"parameter of {configuration!r}", name, used)
    if not names or len(set(names)) < len(names):
        raise InputError(f"fitted must name one parameter or more, each once, got {list(fitted)!r}.")
    return names


def _searches(search: Search, starts: int, seed: int, checkpoint: Checkpoint) -> list[np.ndarray]:
    """Points that searches from several starts come to; those that the checkpoint holds are not repeated."""
    for number in range(len(checkpoint.finished), starts):
        away = numpy_generator(seed, "start", number).normal(0, START_SPREAD, len(search.start)) if number else 0.0
        begin = search.start + away if checkpoint.now is None else checkpoint.now
        checkpoint.finish(search.climb(begin, checkpoint.note))
    return checkpoint.finished[:starts]


def _origin(people: People) -> str:
    """Name the data: the file, or the data set that the table says it is of."""
    if isinstance(people, str | os.PathLike):
        return Path(people).name
    names = sorted({str(name) for name in people["dataset"].dropna()}) if "dataset" in people else []
    return ", ".join(names) or "a table"
