"""Free viewing on OSIE: human anchors computed elsewhere beside ours, and where every agent that runs here stands.

    python benchmarks/science/free_viewing.py --root FOLDER [--weights FOLDER] [--out free_viewing.md]
    python benchmarks/science/free_viewing.py --from-tables FOLDER --out free_viewing.md

The anchors were computed once by another program on the same 60 pictures and 15 people: first ten fixations, mean and
best over people, people against the 14 others. The second form writes the page again from the tables of a run.
"""

# ruff: noqa: E402  threads are pinned before NumPy and its friends look

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
from pathlib import Path

import pandas as pd

from scanpath.studies.free_viewing import MEASURES, PAIRINGS, FreeViewing, run_free_viewing

HEADING = """# Free viewing on OSIE: where agents stand between the center and people

`python benchmarks/science/free_viewing.py --root DATA --weights WEIGHTS --tables FOLDER --out free_viewing.md`

60 photographs, 15 people, first ten fixations. Agents run with their published settings, or the package's defaults
where nothing is published; nothing was fitted to these people. The baselines `random` and `center` look five times
at each picture, the others once; a start in the center that an agent did not choose is dropped. SBTDE is one minus
the distance, averaged over windows of 1 to 10 fixations; MultiMatch is the mean of its four parts without
durations. With `--weights`, `neva` classifies and matches features with SqueezeNet 1.1, and `salient_relevance`
explains it; `nevaclip toy, picture` is led by the sharp picture's vector in the package's small CLIP, which knows
drawn scenes only.
Floors: `floor: shuffled` are people's scanpaths on other pictures, `floor: center` are points
drawn from people's fixations on other pictures. Square brackets: 95 % bootstrap intervals over pictures.
"""
WHAT = {
    "plausibility": "the best match over people, averaged over pictures",
    "mean similarity": "the mean over people",
}
READING = """`from center to people` is 0 for an agent that sees nothing and 1 for a person. The anchors of people are
deterministic; those of `random`, `center` and `floor: shuffled` were drawn anew here and there.
"""
#: (who, measure) -> (mean similarity, plausibility).
ANCHORS = {
    ("people", "SBTDE 4x4"): (0.476, 0.675),
    ("people", "SBTDE 5x5"): (0.447, 0.640),
    ("people", "scaled TDE"): (0.909, 0.941),
    ("random", "SBTDE 4x4"): (0.162, 0.278),
    ("random", "SBTDE 5x5"): (0.120, 0.230),
    ("random", "scaled TDE"): (0.843, 0.865),
    ("center", "SBTDE 4x4"): (0.242, 0.383),
    ("center", "SBTDE 5x5"): (0.174, 0.300),
    ("center", "scaled TDE"): (0.874, 0.896),
    ("floor: shuffled", "SBTDE 4x4"): (0.220, 0.393),
    ("floor: shuffled", "SBTDE 5x5"): (0.147, 0.313),
    ("floor: shuffled", "scaled TDE"): (0.874, 0.902),
}


def anchors(result: FreeViewing) -> pd.DataFrame:
    """Put the other program's numbers beside ours."""
    tables = {pairing: result.summary(pairing) for pairing in PAIRINGS}
    rows = []
    for (who, measure), (mean, best) in ANCHORS.items():
        ours = (tables["mean similarity"].loc[who, measure], tables["plausibility"].loc[who, measure])
        row = {"who": who, "measure": measure, "mean": ours[0], "anchor": mean, "best": ours[1], "anchor ": best}
        rows.append(row | {"largest difference": max(abs(ours[0] - mean), abs(ours[1] - best))})
    return pd.DataFrame(rows)


def ranking(result: FreeViewing, pairing: str) -> pd.DataFrame:
    """List agents by SBTDE 5x5 with its interval, and how far each is on the way from the center agent to people."""
    table = result.summary(pairing)
    first = result.scores[(result.scores["pairing"] == pairing) & (result.scores["measure"] == "SBTDE 5x5")]
    low, high = (first.set_index("agent")[end] for end in ("low", "high"))
    low["people"], high["people"] = first.iloc[0]["ceiling_low"], first.iloc[0]["ceiling_high"]
    values = table["SBTDE 5x5"]
    way = (values - values["center"]) / (values["people"] - values["center"])
    columns = {
        "who": table.index,
        "SBTDE 5x5": [f"{value:.3f} [{low[who]:.3f}, {high[who]:.3f}]" for who, value in values.items()],
        "from center to people": way.to_numpy(),
    }
    return pd.DataFrame(columns | {name: table[name].to_numpy() for name in list(MEASURES)[1:]})


def markdown(table: pd.DataFrame, digits: int = 3) -> str:
    """Write a table as Markdown."""
    lines = ["| " + " | ".join(map(str, table.columns)) + " |", "|" + "---|" * len(table.columns)]
    for row in table.itertuples(index=False):
        cells = (f"{cell:.{digits}f}" if isinstance(cell, float) else str(cell) for cell in row)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def report(result: FreeViewing) -> str:
    """Write anchors, both rankings and the tests against the center."""
    parts = [HEADING, "## Anchors: another program's numbers beside ours", "", markdown(anchors(result)), ""]
    for pairing, what in WHAT.items():
        parts += [f"## {pairing.capitalize()}: {what}", "", markdown(ranking(result, pairing)), ""]
    tests = result.comparisons
    sides = {"agent": "other", "other": "agent"}
    parts += ["## Plausibility (SBTDE 5x5) against the center agent, paired over pictures", ""]
    rows = []
    for row in tests[(tests["agent"] == "center") | (tests["other"] == "center")].to_dict("records"):
        mine = "other" if row["agent"] == "center" else "agent"
        sign = 1 if mine == "agent" else -1
        bounds = sorted((sign * row["low"], sign * row["high"]))
        shown = f"{sign * row['difference']:+.3f} [{bounds[0]:+.3f}, {bounds[1]:+.3f}]"
        rows.append({"agent": row[mine], f"minus {row[sides[mine]]}": shown, "p (Holm)": row["p_holm"]})
    return "\n".join([*parts, markdown(pd.DataFrame(rows).sort_values("agent")), "", READING])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, help="folder of the data set")
    parser.add_argument("--weights", type=Path, help="folder with squeezenet1_1*.safetensors")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--tables", type=Path, help="folder for the tables")
    parser.add_argument("--from-tables", type=Path, help="folder of an earlier run's tables")
    options = parser.parse_args()
    if options.from_tables:
        read = {name: pd.read_csv(options.from_tables / f"{name}.csv") for name in ("scores", "comparisons")}
        result = FreeViewing(pd.read_parquet(options.from_tables / "fixations.parquet"), **read)
    else:
        result = run_free_viewing(root=options.root, weights=options.weights, out=options.tables)
    text = report(result)
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
