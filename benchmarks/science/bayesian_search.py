"""Bayesian searchers on interiors: how fast they find, how like people they move, how well they say where people go.

    python benchmarks/science/bayesian_search.py --root FOLDER --weights FOLDER --tables FOLDER [--out FILE]
    python benchmarks/science/bayesian_search.py --from-tables FOLDER --out bayesian_search.md

The second form writes the page again from the tables of a run. `--part search` or `--part prediction` does half of it.
"""

# ruff: noqa: E402  threads are pinned before NumPy and its friends look

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import fnmatch
from pathlib import Path

import numpy as np
import pandas as pd

import scanpath as sp
from scanpath._core.files import write_text
from scanpath.agents.agent import Agent
from scanpath.evaluation import bootstrap_mean, predict_fixations, summarize_predictions
from scanpath.studies.interiors import MARGIN_PX, run_interiors

HEADING = """# Bayesian searchers on interiors

`python benchmarks/science/bayesian_search.py --root DATA/interiors --weights WEIGHTS --tables FOLDER --out FILE`

60 photographs of 1024 x 768 px, 57 people, 13 fixations at most; found means within 16 px of the target's box. Nothing
is fitted to these people. All searchers have a grid of 24 x 32 cells and, where nothing else is said, a center prior
with a share of 1/15 uniform (the published ones have DeepGaze II, which is not here) and the correct posterior.
`bayesian` has d' centered on the fixation and responses of standard deviation 1 / d'; its responses are those of the
target's place and nothing else.
`ibs` has the published d' and noise and the ideal rule. Its responses mix the target's place with likeness to it;
"without truth" they are likeness alone. `ibs.ssim` is measured at every eighth pixel; `ibs.features` sees with
SqueezeNet 1.1 in place of VGG-16.

Area is that under the share found against the number of fixations; MultiMatch the mean of its four parts without
durations, over all people. Bits are those of people's next fixation, given their own fixations so far, beyond the
center bias of the other pictures and beyond nothing, at pixel resolution, uncalibrated, for {people} people a picture,
drawn once, the same for all. Square brackets: 95 % bootstrap intervals over pictures.
"""
READING = """
How to read it:

- Responses with the truth in them find the target because they are told where it is, more surely near the eye: they
  show a strategy with perfect recognition. Only the rows without truth search with the target's picture alone, as
  `ivsn` and `eccnet` do (README), and they find no more than random: they return to places, 6 to 8 different ones a
  picture.
- The prior decides how soon `ibs.correlation` finds: 0.19 with the center, 0.59 with the uniform, where the published
  similarity searchers had 0.45 to 0.53 with DeepGaze II. Counting responses again and again changes little beside it.
- With responses as unsure as d' says (`bayesian`), which is about half its peak two cells from the eye, a third of the
  targets is found within 13 fixations, and a fifth by `map`, whatever the prior. The published noise tells more from
  afar.
- The densities are what a look is worth, with no number fitted. The best of them, `bayesian elm` and `ideal` with a
  center prior, have 0.1 bits more than the center bias, with intervals that hold 0; always taking the likeliest place
  (`map`) describes people worse.
- MultiMatch is higher with the center prior than with the uniform, also where less is found: it rewards the middle, as
  in the README's table.
- Predictions with `ibs.ssim` and with the uniform prior of `ibs` were not run, for time.

## What was published, and why it is not the same

ViSioNS (Travi, Ruarte, Bujia, Kamienkowski 2022, repository; nnIBS at two of its commits) on its 134 interiors:

| who | area | MultiMatch | AUC | NSS | bits over center | bits over uniform |
|---|---|---|---|---|---|---|
| people | 0.420 | 0.852 | 0.860 | 1.863 | 1.834 | 1.427 |
| nnIBS | 0.451 | 0.842 | 0.726 | 0.981 | 0.956 | 0.266 |
| nnIBS, later | 0.534 | 0.840 | 0.697 | 0.943 | 0.922 | 0.232 |
| IVSN | 0.647 | 0.792 | 0.594 | 0.765 | -2.188 | -2.577 |
| eccNET | 0.607 | 0.829 | 0.618 | 0.832 | -2.221 | -2.568 |
| center bias | | | 0.665 | 0.714 | 0 | -0.407 |

The row of people has the gold standard from AUC on. These figures rest on people's places that were shifted when they
were extracted: trials in which nothing was found are in coordinates of the screen, and the screen's margins were
exchanged between x and y, by (+32, -32) px for the 35 people with screens of 1280 x 960 px. With the same rule,
people's area is 0.422 with the published places and 0.514 with the corrected ones, which are used above. Besides, their
area of people spaces the caps 3, 5, 9 and 13 equally; their NSS sets what lies below the mean to 0; each model's map is
scored on a grid of its own, so that bits do not compare across models; MultiMatch takes only pairs in which both found
the target; and the center bias there is that of another data set, worse than nothing by 0.4 bits.
"""
PEOPLE_PER_PICTURE = 2
#: Ends of names of agents whose maps are not scored at people's fixations, for time; nor are those of "ssim".
NOT_PREDICTED = ("correlation, uniform prior", "cumulative", "center")


def searchers(weights: Path) -> list[Agent]:
    """Three rules with perfect recognition, and three likenesses with the truth and without."""
    rule = sp.InBox(margin_px=MARGIN_PX)
    agents = [sp.create_agent(name, found_rule=rule) for name in ("random", "center")]
    for prior in ("center", "uniform"):
        for how in ("ideal", "elm", "map"):
            label = f"bayesian {how}" + (", uniform prior" if prior == "uniform" else "")
            agents.append(sp.create_agent("bayesian", label=label, rule=how, prior=prior, found_rule=rule))
    uniform = {"label": "ibs.correlation, uniform prior", "prior": "uniform"}
    agents.append(sp.create_agent("ibs.correlation", found_rule=rule, **uniform))
    twice = {"label": "ibs.correlation, uniform prior, cumulative", "prior": "uniform", "update": "cumulative"}
    agents.append(sp.create_agent("ibs.correlation", found_rule=rule, **twice))
    network = {"backbone": "squeezenet1_1", "weights": str(next(weights.glob("squeezenet1_1*.safetensors")))}
    for name, settings in (("ibs.correlation", {}), ("ibs.ssim", {"step_px": 8}), ("ibs.features", network)):
        for truth in (True, False):
            label = name if truth else f"{name} without truth"
            agents.append(sp.create_agent(name, label=label, truth_in_response=truth, found_rule=rule, **settings))
    return agents


def multimatch(fixations: pd.DataFrame, people: pd.DataFrame, sizes: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """Mean of the four parts without durations, with its interval: agents and people, each with all (other) people."""
    values: dict[str, list[float]] = {}
    simulated = sp.scanpaths_from_table(fixations)
    human = sp.scanpaths_from_table(people)
    for name, screen_px in sizes.items():
        seen = [path for path in human if path.info["stimulus"] == name]
        looked = [path for path in simulated if path.info["stimulus"] == name]
        for who, paths in {"people": seen, **{path.info["agent"]: [path] for path in looked}}.items():
            scores = sp.metrics.pairwise("multimatch", paths, seen, screen_px=screen_px)[..., :4].mean(-1)
            if who == "people":
                np.fill_diagonal(scores, np.nan)
            # a target that is found at once leaves too few fixations to compare
            values.setdefault(who, []).append(float(np.nanmean(scores)) if np.isfinite(scores).any() else np.nan)
    rows = [(who, *bootstrap_mean(np.array(each), seed=0)) for who, each in values.items()]
    return pd.DataFrame(rows, columns=["agent", "value", "low", "high"])


def search(root: Path | None, weights: Path, tables: Path, only: str, jobs: int) -> None:
    """Let agents search, and store what they did and how it scores."""
    agents = [agent for agent in searchers(weights) if fnmatch.fnmatch(agent.name, only)]
    result = run_interiors(agents, root=root, jobs=jobs, out=tables)
    data = sp.load_dataset("interiors", root=root)
    sizes = {stimulus.name: stimulus.size[::-1] for stimulus in data.stimuli}
    scores = multimatch(result.fixations, data.fixations[~data.fixations["after_target"]], sizes)
    scores.to_csv(tables / "multimatch.csv", index=False)


def predict(root: Path | None, weights: Path, tables: Path, only: str) -> None:
    """Put agents on the paths of a few people, the same for all, and store each one's scores if they are not there."""
    data = sp.load_dataset("interiors", root=root)
    people = data.fixations[~data.fixations["after_target"]]
    chosen = people[["stimulus", "subject"]].drop_duplicates()
    chosen = chosen.groupby("stimulus").sample(PEOPLE_PER_PICTURE, random_state=np.random.default_rng(0))
    people = people.merge(chosen, on=["stimulus", "subject"])
    known = {agent.name: agent for agent in searchers(weights)}
    left_out = [name for name in known if name == "random" or "ssim" in name or name.endswith(NOT_PREDICTED)]
    for name in fnmatch.filter(["marks", *(name for name in known if name not in left_out)], only):
        path = tables / "predictions" / f"{name}.csv"
        if not path.exists():
            marks = ("uniform", "center bias") if name == "marks" else ()
            scores = predict_fixations(known.get(name), data.stimuli, people, marks=marks)
            write_text(path, summarize_predictions(scores).to_csv(index=False, lineterminator="\n"))


def interval(row: pd.Series, digits: int = 3) -> str:
    """Write a value and its interval; nothing where there is none, such as the NSS of a flat map."""
    if np.isnan(row["value"]):
        return ""
    return f"{row['value']:.{digits}f} [{row['low']:.{digits}f}, {row['high']:.{digits}f}]"


def report(tables: Path) -> str:
    """Write the page from the tables."""
    performance = pd.read_csv(tables / "performance.csv").set_index(["agent", "part"])
    similar = pd.read_csv(tables / "multimatch.csv").set_index("agent")
    bits = pd.concat([pd.read_csv(path) for path in sorted((tables / "predictions").glob("*.csv"))])
    bits = bits.set_index(["agent", "metric"])
    lines = ["| searcher | found by 4 | by 13 | area | MultiMatch |", "|" + "---|" * 5]
    order = similar.index.to_series().map(lambda who: performance.loc[(who, "auc"), "value"])
    for who in order.sort_values(ascending=False).index:
        early, late = (f"{performance.loc[(who, f'within {n}'), 'value']:.2f}" for n in (4, 13))
        area = interval(performance.loc[(who, "auc")])
        lines.append(f"| {who} | {early} | {late} | {area} | {interval(similar.loc[who])} |")
    lines += ["", "| density | bits over center | bits over uniform | AUC | NSS |", "|" + "---|" * 5]
    names = list(dict.fromkeys(bits.index.get_level_values(0)))
    for who in sorted(names, key=lambda who: -bits.loc[(who, "information_gain"), "value"]):
        columns = ("information_gain", "gain_over_uniform", "auc", "nss")
        lines.append(f"| {who} | " + " | ".join(interval(bits.loc[(who, name)], 2) for name in columns) + " |")
    return "\n".join([HEADING.format(people=PEOPLE_PER_PICTURE), *lines, READING])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, help="folder of the data set")
    parser.add_argument("--weights", type=Path, help="folder with squeezenet1_1*.safetensors")
    parser.add_argument("--tables", type=Path, help="folder for the tables")
    parser.add_argument("--part", choices=("search", "prediction", "all"), default="all")
    parser.add_argument("--only", default="*", help="pattern of the names of agents; predictions that exist stay")
    parser.add_argument("--jobs", type=int, default=1, help="worker processes of the search")
    parser.add_argument("--from-tables", type=Path, help="folder of an earlier run's tables")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    tables = options.from_tables or options.tables
    if not options.from_tables:
        tables.mkdir(parents=True, exist_ok=True)
        if options.part != "prediction":
            search(options.root, options.weights, tables, options.only, options.jobs)
        if options.part != "search":
            predict(options.root, options.weights, tables, options.only)
    if options.out:
        options.out.write_text(report(tables), encoding="utf-8")


if __name__ == "__main__":
    main()
