"""Do captions lead a model's eye where they led their writers? NevaClip beside CapMIT1003's click paths.

Each picture is looked at once a caption, under four conditions: the person's own caption, another person's on the same
picture, another picture's, and no words but the sharp picture itself. Walkers that know no captions are the floor.
Clicks have no durations, so only measures of place and order apply.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from scanpath._core.errors import InputError
from scanpath.agents.agent import Agent
from scanpath.agents.catalog import create_agent
from scanpath.datasets import load_dataset
from scanpath.datasets.capmit1003 import captioned_stimuli
from scanpath.datasets.dataset import Dataset
from scanpath.gaze.stimulus import Stimulus
from scanpath.recognition.language import load_language_model
from scanpath.recognition.weights import Weights
from scanpath.studies.free_viewing import N_FIXATIONS, WALKERS, FreeViewing, look, save, score

#: Label of an agent -> NevaClip's condition.
CONDITIONS = {
    "nevaclip caption": "caption",
    "nevaclip other person": "other_person_caption",
    "nevaclip other picture": "other_picture_caption",
    "nevaclip picture": "picture",
}


def run_captioning(
    *,
    root: Path | None = None,
    model: str = "toy",
    pretrained: Weights | None = None,
    n_pictures: int | None = None,
    n_captions: int | None = None,
    seed: int = 0,
    jobs: int = 1,
    out: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> FreeViewing:
    """Look at captioned pictures under all conditions and compare with people's click paths.

    Parameters
    ----------
    root
        Folder of the data set CapMIT1003.
    model, pretrained
        NevaClip's image-text model; the package's own knows drawn scenes only and says little about photographs.
    n_pictures, n_captions
        At most so many pictures, and captions a picture.
    seed
        Names the run's random numbers.
    jobs
        Worker processes.
    out
        Folder for the tables.
    progress
        Called with the number of scanpaths that were finished since the last call.
    """
    return compare_captions(
        load_dataset("capmit1003", root=root),
        captioning_agents(model, pretrained),
        n_pictures=n_pictures,
        n_captions=n_captions,
        seed=seed,
        jobs=jobs,
        out=out,
        progress=progress,
    )


def captioning_agents(model: str = "toy", pretrained: Weights | None = None) -> list[Agent]:
    """Build NevaClip in its four conditions, on one model, and the walkers."""
    clip = load_language_model(model, pretrained)
    led = [create_agent("nevaclip", label=label, model=clip, condition=key) for label, key in CONDITIONS.items()]
    return [*led, *(create_agent(name) for name in WALKERS)]


def compare_captions(
    data: Dataset,
    agents: Sequence[Agent],
    *,
    n_pictures: int | None = None,
    n_captions: int | None = None,
    seed: int = 0,
    jobs: int = 1,
    out: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> FreeViewing:
    """Let agents look at a captioned data set and score them against its people; see `run_captioning`."""
    names = [stimulus.name for stimulus in data.stimuli[:n_pictures]]
    captioned = [one for one in captioned_stimuli(data, n_captions=n_captions) if one.info["picture"] in names]
    if not captioned:
        raise InputError("No picture of the data set has a caption.")
    parts = []
    for agent in agents:
        key = CONDITIONS.get(agent.name)
        shown = [one for one in captioned if key not in captioned[0].info or one.info[key]]
        if shown:
            parts.append(look([agent], shown, N_FIXATIONS, seed=seed, jobs=jobs, progress=progress))
    fixations = _by_picture(pd.concat(parts, ignore_index=True), captioned)
    people = data.fixations
    people = people[people["stimulus"].isin(names) & (people["fixation"] < N_FIXATIONS)]
    result = score(fixations, people, data.stimuli[:n_pictures], seed=seed)
    if out is not None:
        save(result, out)
    return result


def _by_picture(fixations: pd.DataFrame, captioned: Sequence[Stimulus]) -> pd.DataFrame:
    """Name rows by the picture, as people's are, and by the trial whose caption was used."""
    picture = {one.name: one.info["picture"] for one in captioned}
    kept = fixations[[name for name in fixations.columns if not name.endswith("_caption")]]
    kept = kept.drop(columns=["picture", "subject"], errors="ignore")
    trial = kept["stimulus"].str.rpartition("#")[2]
    return kept.assign(trial=trial, stimulus=kept["stimulus"].map(picture), subject=None)
