"""Free viewing on OSIE: human anchors computed elsewhere beside ours, and where every agent that runs here stands.

    python benchmarks/science/free_viewing.py --root FOLDER [--weights FOLDER] [--out free_viewing.md]

The anchors were computed once by another program on the same 60 pictures and 15 people: first ten fixations, mean and
best over people, people against the 14 others.
"""

# ruff: noqa: E402  threads are pinned before NumPy and its friends look

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
from pathlib import Path

import pandas as pd

from scanpath.studies.free_viewing import MEASURES, PAIRINGS, FreeViewing, run_free_viewing

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
        rows.append({"who": who, "measure": measure, "mean": ours[0], "anchor": mean, "best": ours[1], "anchor ": best})
    return pd.DataFrame(rows)


def markdown(table: pd.DataFrame, digits: int = 3) -> str:
    """Write a table as Markdown."""
    lines = ["| " + " | ".join(map(str, table.columns)) + " |", "|" + "---|" * len(table.columns)]
    for row in table.itertuples(index=False):
        cells = (f"{cell:.{digits}f}" if isinstance(cell, float) else str(cell) for cell in row)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def report(result: FreeViewing) -> str:
    """Write anchors, both rankings and the tests against the center."""
    parts = ["# Free viewing on OSIE (60 pictures, 15 people, first ten fixations)", "", "## Anchors", ""]
    parts += [markdown(anchors(result)), ""]
    for pairing in PAIRINGS:
        table = result.summary(pairing)[list(MEASURES)].rename_axis("who").reset_index()
        parts += [f"## {pairing.capitalize()}", "", markdown(table), ""]
    tests = result.comparisons
    tests = tests[(tests["agent"] == "center") | (tests["other"] == "center")]
    columns = ["agent", "other", "difference", "low", "high", "d_z", "share_larger", "p_holm"]
    parts += ["## SBTDE 5x5 plausibility against the center, paired over pictures", "", markdown(tests[columns])]
    return "\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, help="folder of the data set")
    parser.add_argument("--weights", type=Path, help="folder with squeezenet1_1*.safetensors")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--tables", type=Path, help="folder for the tables")
    options = parser.parse_args()
    text = report(run_free_viewing(root=options.root, weights=options.weights, out=options.tables))
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
