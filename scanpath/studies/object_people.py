"""OAT beside people, where files of people's searches over objects are given: object arrays, and collages of covers.

Neither file has pictures. Objects of the arrays are known by their category, and a drawn symbol stands for each of the
six; covers are blank, so that nothing but its place can tell the target. A network is fitted to people on some
pictures and scored on others, by cross-validation; it goes on from the demo, which has seen no person.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from scanpath import __version__
from scanpath._core.errors import InputError
from scanpath._core.random import numpy_generator
from scanpath.agents.oat import Oat
from scanpath.gaze.objects import best_match, fixated_objects, object_places
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.oat_model import load_oat
from scanpath.stimuli.shelves import Product, drawn, products
from scanpath.studies.kept_tables import keep_table, kept_table
from scanpath.studies.object_baselines import baselines
from scanpath.studies.object_scores import GREEDY, OAT, PersonSearch, Trial, oat_choices, score_trial
from scanpath.studies.objects import N_RUNS, object_runs
from scanpath.training.oat import OatFit, OatFitRecipe

FOLDS = 5
#: Where the six objects of an array were on the screen of 1280 x 1024 px, by the number of their slot.
_SLOTS = ((490, 772), (340, 512), (490, 252), (790, 252), (940, 512), (790, 772))
_SCREEN, _OBJECT_PX = (1024, 1280), 156
#: Arrays are drawn at this share of their size; symbols are small pictures, and nothing is measured in px.
_SHRUNK = 0.25
#: A table of arrays holds at most so many fixations of a search, the first at the center included.
_LONGEST_ARRAY = 7
_ROWS, _COLUMNS, _COVER_PX = 6, 14, 24
_GRAY = 0.5
_FILES = {
    "objarr": ("objarr_objects.csv", "search_fixations.parquet"),
    "sti": ("sti_amazon_trials.csv", "sti_amazon_fixations.parquet"),
}


class PeopleData(NamedTuple):
    """People's searches over objects.

    Attributes
    ----------
    name
        Of the data.
    stimuli
        Pictures with objects.
    people
        Scanpaths by the picture's name; the first fixation is at the center.
    longest
        Fixations at which searches were cut, or None.
    recipe
        How OAT is fitted to them.
    locations
        Whether OAT is told where the target is, for each way in which it is asked.
    """

    name: str
    stimuli: list[Stimulus]
    people: dict[str, list[Scanpath]]
    longest: int | None
    recipe: OatFitRecipe
    locations: tuple[str, ...]


def read_objarr(folder: Path) -> PeopleData:
    """Read the searches of 15 people for one of six objects on a circle.

    Parameters
    ----------
    folder
        Has ``objarr_objects.csv``, which category is in which slot, and ``search_fixations.parquet``, which slot was
        looked at, anywhere in it.
    """
    categories, fixations = _tables(folder, "objarr")
    shown = fixations[(fixations["dataset"] == "ObjArr") & (fixations["agent"] == "human")]
    names = sorted(categories["target_category"].unique())
    symbols = {name: drawn(one) for name, one in zip(names, _unlike(len(names)))}
    stimuli = [_array(row, symbols) for _, row in categories.iterrows()]
    xy = np.array([((_SCREEN[1] - 1) / 2, (_SCREEN[0] - 1) / 2), *_SLOTS]) * _SHRUNK
    people = {
        f"array-{number}": [
            Scanpath(xy[one["slot"].to_numpy()], info={"stimulus": f"array-{number}", "subject": str(who)})
            for who, one in mine.sort_values("fix").groupby("subject", sort=True)
        ]
        for number, mine in shown.groupby("stimulus", sort=True)
    }
    recipe = OatFitRecipe(epochs=12, patience=3, batch_size=60, unseen=0.0, told=0.0, time_limit=_LONGEST_ARRAY)
    return PeopleData("objarr", stimuli, people, _LONGEST_ARRAY, recipe, ("hidden",))


def read_sti(folder: Path) -> PeopleData:
    """Read the searches of 6 people for one of 84 covers in each of 100 collages.

    Searches that are longer than three standard deviations above the mean are left out, as in the original.

    Parameters
    ----------
    folder
        Has ``sti_amazon_trials.csv``, which cell the target is in, and ``sti_amazon_fixations.parquet``, which cell
        was looked at, anywhere in it.
    """
    trials, fixations = _tables(folder, "sti")
    length = fixations.groupby(["collage", "subject"])["fix"].transform("size")
    lengths = fixations.groupby(["collage", "subject"]).size()
    kept = fixations[length <= lengths.mean() + 3 * lengths.std()]
    stimuli = [_collage(row) for _, row in trials.iterrows()]
    places = object_places(stimuli[0].require_objects("The study"))
    people = {
        f"collage-{number}": [
            Scanpath(
                np.concatenate([[stimuli[0].center_xy], places[one["cell"].to_numpy()[1:]]]),
                info={"stimulus": f"collage-{number}", "subject": str(who)},
            )
            for who, one in mine.sort_values("fix").groupby("subject", sort=True)
        ]
        for number, mine in kept.groupby("collage", sort=True)
    }
    recipe = OatFitRecipe(epochs=4, patience=4, learning_rate=5e-4, unseen=0.0, told=0.5)
    return PeopleData("sti", stimuli, people, None, recipe, ("given", "hidden"))


def score_people(
    data: PeopleData, *, seed: int = 0, out: Path, progress: Callable[[int], None] | None = None
) -> dict[str, pd.DataFrame]:
    """Fit OAT to people on some pictures and score it on the others, all pictures once.

    Parameters
    ----------
    data
        From `read_objarr` or `read_sti`.
    seed
        Of folds, fits and draws.
    out
        Folder for models and scores; a stopped study goes on.
    progress
        Called with the number of scanpaths that a fit went through, and with 1 after each scored picture.

    Returns
    -------
    dict
        Rows of `score_trial` by the name of the set: the data's, and where OAT is asked both ways, ``-given`` or
        ``-hidden`` behind it.
    """
    advance = progress or (lambda done: None)
    found: dict[str, list[pd.DataFrame]] = {_set_name(data, location): [] for location in data.locations}
    order = numpy_generator(seed, "folds", data.name).permutation(len(data.stimuli))
    for fold, held in enumerate(np.array_split(order, FOLDS)):
        model = _fitted(data, fold, set(held.tolist()), seed, out, advance)
        for location in data.locations:
            name = _set_name(data, location)
            file = out / "shelves" / f"{name}-fold-{fold}.parquet"
            facts = json.dumps([__version__, name, fold, seed, Oat(weights=model).model.checksum()])
            table = kept_table(file, facts, "scores")
            if table is None:
                table = _scored(data, held.tolist(), model, location, seed, advance)
                keep_table(table, file, facts)
            found[name].append(table)
    return {name: pd.concat(tables, ignore_index=True).assign(training="folds") for name, tables in found.items()}


def n_steps(data: PeopleData) -> int:
    """Most that `score_people` tells its progress."""
    n_people = sum(map(len, data.people.values()))
    return (FOLDS - 1) * data.recipe.epochs * n_people + len(data.locations) * len(data.stimuli)


def _set_name(data: PeopleData, location: str) -> str:
    return data.name if len(data.locations) == 1 else f"{data.name}-{location}"


def _fitted(data: PeopleData, fold: int, held: set[int], seed: int, out: Path, advance: Callable[[int], None]) -> Path:
    """Fit OAT to all pictures but the held-out ones; some of the others choose the number of passes."""
    file = out / "models" / f"{data.name}-fold-{fold}.safetensors"
    if not file.exists():
        stimuli = [one for place, one in enumerate(data.stimuli) if place not in held]
        people = [path for one in stimuli for path in data.people[one.name]]
        # the demo knows what to look for, and not to look twice, but no person
        OatFit(people, stimuli, out=file, recipe=replace(data.recipe, seed=seed), start=load_oat()).run(advance)
    return file


def _scored(
    data: PeopleData, held: Sequence[int], model: Path, location: str, seed: int, advance: Callable[[int], None]
) -> pd.DataFrame:
    sampled, greedy = (Oat(weights=model, target_location=location, decoding=how) for how in ("sample", "greedy"))
    longest = data.longest or 1 + max(len(path) for paths in data.people.values() for path in paths)
    tables = []
    for place in held:
        stimulus = data.stimuli[place]
        trial = _trial(stimulus, data.people[stimulus.name], data.longest)
        searches = {
            OAT: object_runs(sampled, trial, N_RUNS, longest, seed),
            GREEDY: object_runs(greedy, trial, 1, longest, seed),
        }
        by_rule = baselines(trial, numpy_generator(seed, "baselines", stimulus.name))
        searches |= {other: [search] for other, search in by_rule.items()}
        tables.append(score_trial(trial, searches, {OAT: oat_choices(sampled, trial)}).assign(shelf=place))
        advance(1)
    return pd.concat(tables, ignore_index=True)


def _trial(stimulus: Stimulus, paths: Sequence[Scanpath], longest: int | None) -> Trial:
    boxes = stimulus.require_objects("The study")
    assert stimulus.target_box is not None  # these pictures have one
    target = best_match(stimulus.target_box, boxes)
    assert target is not None
    people = [
        PersonSearch(fixated_objects(path.xy[1:], boxes), longest is None or len(path) < longest) for path in paths
    ]
    return Trial(stimulus, target, people)


def _array(row: pd.Series, symbols: Mapping[str, np.ndarray]) -> Stimulus:
    """Draw the six objects of an array as symbols of their categories."""
    height, width = (round(side * _SHRUNK) for side in _SCREEN)
    image = np.full((3, height, width), np.float32(_GRAY))
    side = round(_OBJECT_PX * _SHRUNK)
    boxes = []
    for slot, center in enumerate(_SLOTS, start=1):
        symbol = symbols[str(row[f"slot{slot}"])]
        x, y = (round(along * _SHRUNK - (side - 1) / 2) for along in center)
        inset = (side - symbol.shape[-1]) // 2
        rows, columns = (slice(a + inset, a + inset + symbol.shape[-1]) for a in (y, x))
        image[:, rows, columns] = symbol
        boxes.append((x, y, side, side))
    target = int(row["target_slot"]) - 1
    return Stimulus(image, name=f"array-{row['stimulus']}", objects=boxes, target_box=boxes[target])


def _collage(row: pd.Series) -> Stimulus:
    """Draw a collage of 84 blank covers."""
    image = np.full((3, _ROWS * _COVER_PX, _COLUMNS * _COVER_PX), np.float32(_GRAY))
    boxes = [
        (column * _COVER_PX, line * _COVER_PX, _COVER_PX, _COVER_PX)
        for line in range(_ROWS)
        for column in range(_COLUMNS)
    ]
    target = boxes[int(row["target_cell"])]
    return Stimulus(image, name=f"collage-{row['collage']}", objects=boxes, target_box=target)


def _unlike(n: int) -> list[Product]:
    """Choose products of which no two share their shape, color or package."""
    chosen: list[Product] = []
    for one in products():
        if all(one.shared(other) == 0 for other in chosen):
            chosen.append(one)
    return chosen[:n]


def _tables(folder: Path, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    found = []
    for file in _FILES[name]:
        path = next(iter(sorted(folder.rglob(file))), None) if folder.is_dir() else None
        if path is None:
            raise InputError(f"The set {name!r} needs {' and '.join(_FILES[name])}, and {folder} has no {file}.")
        found.append(pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path))
    return found[0], found[1]
